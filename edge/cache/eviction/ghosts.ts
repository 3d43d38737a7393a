/** Most that are remembered: each takes some 60 bytes of memory, that nobody counts. */
const COUNT_MAX = 500_000

/**
 * Remembers those that went, by the hash of their keys: the last ones, as many as would fill a number of
 * bytes. Two keys of the same hash are taken for one, which costs a wrong guess and nothing else.
 */
export class Ghosts {
  readonly #bytesMax: number
  /** First in, first out, from `#first` on; numbers of places go on for good. */
  #hashes: number[] = []
  #bytes: number[] = []
  #first = 0
  #dropped = 0
  #total = 0
  /** The place of each hash's latest. */
  readonly #places = new Map<number, number>()

  constructor(bytesMax: number) {
    this.#bytesMax = bytesMax
  }

  add(hash: number, bytes: number): void {
    this.#places.set(hash, this.#dropped + this.#hashes.length)
    this.#hashes.push(hash)
    this.#bytes.push(bytes)
    this.#total += bytes
    while (this.#total > this.#bytesMax || this.#hashes.length - this.#first > COUNT_MAX) {
      this.#forgetOldest()
    }
  }

  /** Whether one is remembered; it is forgotten with that. */
  recall(hash: number): boolean {
    return this.#places.delete(hash)
  }

  #forgetOldest(): void {
    const hash = this.#hashes[this.#first] ?? 0
    if (this.#places.get(hash) === this.#dropped + this.#first) this.#places.delete(hash)
    this.#total -= this.#bytes[this.#first] ?? 0
    this.#first += 1
    if (this.#first * 2 < this.#hashes.length) return
    this.#hashes = this.#hashes.slice(this.#first)
    this.#bytes = this.#bytes.slice(this.#first)
    this.#dropped += this.#first
    this.#first = 0
  }
}
