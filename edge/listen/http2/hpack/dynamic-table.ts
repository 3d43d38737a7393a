/** What an entry takes beside its name and value (RFC 7541 §4.1), bytes. */
export const ENTRY_BYTES = 32

/** The dynamic table of a decoder (RFC 7541 §2.3.2, §4): a ring of names and values, the newest first. */
export class DynamicTable {
  #names: string[] = []
  #values: string[] = []
  /** Entries there is room for: a power of two. */
  #room = 0
  #count = 0
  /** Where the next entry goes. */
  #next = 0
  #bytes = 0
  #bytesMax: number
  #version = 0

  constructor(bytesMax: number) {
    this.#bytesMax = bytesMax
  }

  get count(): number {
    return this.#count
  }

  /** By §4.1's measure. */
  get bytes(): number {
    return this.#bytes
  }

  /** Counts all that changed what an index means. */
  get version(): number {
    return this.#version
  }

  /** @param age 0 for the newest; less than `count` */
  nameAt(age: number): string {
    return this.#names[this.#slot(age)] as string
  }

  /** @param age 0 for the newest; less than `count` */
  valueAt(age: number): string {
    return this.#values[this.#slot(age)] as string
  }

  /** One that is larger than the table leaves it empty, which is no error (§4.4). */
  add(name: string, value: string): void {
    const bytes = name.length + value.length + ENTRY_BYTES
    this.#evictTo(this.#bytesMax - bytes)
    if (bytes > this.#bytesMax) return
    if (this.#count === this.#room) this.#grow()
    this.#names[this.#next] = name
    this.#values[this.#next] = value
    this.#next = (this.#next + 1) & (this.#room - 1)
    this.#count += 1
    this.#bytes += bytes
    this.#version += 1
  }

  /** Sets what the entries may come to (§4.3). */
  resize(bytesMax: number): void {
    this.#bytesMax = bytesMax
    this.#version += 1
    this.#evictTo(bytesMax)
  }

  #evictTo(bytesMax: number): void {
    while (this.#bytes > bytesMax && this.#count > 0) {
      const slot = this.#slot(this.#count - 1)
      this.#bytes -=
        (this.#names[slot] as string).length + (this.#values[slot] as string).length + ENTRY_BYTES
      // Strings would be kept long after they ceased to count.
      this.#names[slot] = ''
      this.#values[slot] = ''
      this.#count -= 1
      this.#version += 1
    }
  }

  #slot(age: number): number {
    return (this.#next - 1 - age) & (this.#room - 1)
  }

  /** Not before it is wanted: most connections have a dozen entries or two, where 128 fit. */
  #grow(): void {
    const names: string[] = []
    const values: string[] = []
    for (let age = this.#count - 1; age >= 0; age -= 1) {
      names.push(this.nameAt(age))
      values.push(this.valueAt(age))
    }
    this.#room = Math.max(16, 2 * this.#room)
    for (let slot = this.#count; slot < this.#room; slot += 1) {
      names.push('')
      values.push('')
    }
    this.#names = names
    this.#values = values
    this.#next = this.#count
  }
}
