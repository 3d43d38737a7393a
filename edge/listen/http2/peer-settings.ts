import { CODE, ConnectionError, FRAME_BYTES_MAX, SETTING, WINDOW_BYTES, WINDOW_BYTES_MAX } from './frames.ts'

/** Largest value of SETTINGS_MAX_FRAME_SIZE (RFC 9113 §6.5.2). */
const FRAME_BYTES_LIMIT = 2 ** 24 - 1

/** SETTINGS_HEADER_TABLE_SIZE before anything was said. */
const TABLE_BYTES = 4_096

const SETTING_BYTES = 6

/** What a client has said of itself, as far as it matters to us (RFC 9113 §6.5.2). */
export class PeerSettings {
  /** How much of a response may be sent before the client opens the window, bytes. */
  windowBytes = WINDOW_BYTES
  /** Whether our next header block has to say that we keep no table (RFC 7541 §4.2). */
  tableShrinks = false
  #ignoresPriorities: number | undefined
  #hasSpoken = false

  /**
   * Reads a SETTINGS frame's payload.
   *
   * @throws ConnectionError for values that nobody may send
   */
  read(bytes: Buffer, from: number, to: number): void {
    if ((to - from) % SETTING_BYTES !== 0)
      throw new ConnectionError(CODE.frameSizeError, 'SETTINGS of half a setting')
    for (let at = from; at < to; at += SETTING_BYTES)
      this.#set(bytes.readUInt16BE(at), bytes.readUInt32BE(at + 2))
    this.#hasSpoken = true
  }

  #set(id: number, value: number): void {
    switch (id) {
      case SETTING.headerTableSize:
        if (value < TABLE_BYTES) this.tableShrinks = true
        return
      case SETTING.enablePush:
      case SETTING.enableConnectProtocol:
        if (value > 1) throw new ConnectionError(CODE.protocolError, `setting ${id} is neither 0 nor 1`)
        return
      case SETTING.initialWindowSize:
        if (value > WINDOW_BYTES_MAX)
          throw new ConnectionError(CODE.flowControlError, 'SETTINGS_INITIAL_WINDOW_SIZE is too large')
        this.windowBytes = value
        return
      case SETTING.maxFrameSize:
        if (value < FRAME_BYTES_MAX || value > FRAME_BYTES_LIMIT)
          throw new ConnectionError(CODE.protocolError, 'SETTINGS_MAX_FRAME_SIZE is out of range')
        return
      case SETTING.noRfc7540Priorities:
        this.#setIgnoresPriorities(value)
    }
    // Of others we know nothing, or do without (§6.5.2).
  }

  /** It may only be said at once, and never be changed (RFC 9218 §2.1.1). */
  #setIgnoresPriorities(value: number): void {
    const isChange = this.#hasSpoken && value !== (this.#ignoresPriorities ?? 0)
    if (value > 1 || isChange)
      throw new ConnectionError(CODE.protocolError, 'SETTINGS_NO_RFC7540_PRIORITIES is not valid, or changed')
    this.#ignoresPriorities = value
  }
}
