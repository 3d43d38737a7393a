/** How much the other side may still send us before we have read what came (RFC 9113 §5.2), bytes. */
export class ReceiveWindow {
  readonly #most: number
  #left: number
  #untold = 0

  constructor(bytes: number) {
    this.#most = bytes
    this.#left = bytes
  }

  /** So much has come. @returns whether it was allowed */
  take(bytes: number): boolean {
    this.#left -= bytes
    return this.#left >= 0
  }

  /**
   * So much was read, or won't be. The other side is told once it comes to half of the window: it isn't held up, and
   * there are few frames of it.
   *
   * @returns by how much the window is to be opened, or 0
   */
  credit(bytes: number): number {
    this.#untold += bytes
    if (this.#untold < this.#most / 2) return 0
    const told = this.#untold
    this.#left += told
    this.#untold = 0
    return told
  }
}
