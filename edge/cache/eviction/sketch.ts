/** Rows of a sketch, each with a hash of its own, and how far one cell counts. */
const SEEDS = [0x9e3779b1, 0x85ebca6b, 0xc2b2ae35, 0x27d4eb2f] as const
const COUNT_MAX = 15
/** After so many for each cell of a row all counts are halved: what was popular long ago is forgotten. */
const SAMPLE_FACTOR = 10

/**
 * How often keys were seen lately, estimated: a count-min sketch (Cormode and Muthukrishnan, 2005) that
 * ages as TinyLFU's does (Einziger, Friedman and Manes, 2017). Never too low but for the ageing.
 */
export class Sketch {
  #width = 1_024
  #cells = new Uint8Array(SEEDS.length * this.#width)
  #seen = 0

  /** Counts one more. */
  add(hash: number): void {
    for (let row = 0; row < SEEDS.length; row += 1) {
      const cell = this.#cellOf(row, hash)
      const count = this.#cells[cell] ?? 0
      if (count < COUNT_MAX) this.#cells[cell] = count + 1
    }
    this.#seen += 1
    if (this.#seen >= SAMPLE_FACTOR * this.#width) this.#age()
  }

  countOf(hash: number): number {
    let least = COUNT_MAX
    for (let row = 0; row < SEEDS.length; row += 1) {
      least = Math.min(least, this.#cells[this.#cellOf(row, hash)] ?? 0)
    }
    return least
  }

  /** Grows until there is a cell in each row for each of so many keys. */
  ensure(keys: number): void {
    while (this.#width < keys) this.#double()
  }

  /** A cell's number gets one bit more, above: both that it may become start with its count. */
  #double(): void {
    const cells = new Uint8Array(this.#cells.length * 2)
    for (const row of SEEDS.keys()) {
      const old = this.#cells.subarray(row * this.#width, (row + 1) * this.#width)
      cells.set(old, 2 * row * this.#width)
      cells.set(old, (2 * row + 1) * this.#width)
    }
    this.#cells = cells
    this.#width *= 2
  }

  #age(): void {
    for (let cell = 0; cell < this.#cells.length; cell += 1) {
      this.#cells[cell] = (this.#cells[cell] ?? 0) >> 1
    }
    this.#seen >>= 1
  }

  #cellOf(row: number, hash: number): number {
    const mixed = Math.imul(hash ^ (hash >>> 15), SEEDS[row] ?? 1)
    return row * this.#width + ((mixed ^ (mixed >>> 13)) & (this.#width - 1))
  }
}
