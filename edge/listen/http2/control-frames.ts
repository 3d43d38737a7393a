import { CODE, FLAG, FRAME_HEAD_BYTES, SETTING, TYPE, writeFrameHead, writeNumber32 } from './frames.ts'

const ROOM_BYTES = 256

/**
 * Frames about a connection and its streams that are due: answers to SETTINGS and PING, windows, resets, GOAWAY.
 * They are short, bound by no window, and go before anything else.
 */
export class ControlFrames {
  #bytes: Buffer | undefined
  #end = 0

  /** How much is due, bytes. */
  get byteLength(): number {
    return this.#end
  }

  /** @param settings id, value, … */
  settings(settings: readonly number[]): void {
    let at = this.#begin((settings.length / 2) * 6, TYPE.settings, 0, 0)
    const bytes = this.#bytes as Buffer
    for (let index = 0; index < settings.length; index += 2, at += 6) {
      bytes.writeUInt16BE(settings[index] as number, at)
      writeNumber32(bytes, at + 2, settings[index + 1] as number)
    }
  }

  settingsTaken(): void {
    this.#begin(0, TYPE.settings, FLAG.ack, 0)
  }

  /** @param flags `FLAG.ack` or 0 @param payload 8 bytes at `from` */
  ping(flags: number, payload: Buffer, from: number): void {
    const at = this.#begin(8, TYPE.ping, flags, 0)
    payload.copy(this.#bytes as Buffer, at, from, from + 8)
  }

  windowUpdate(id: number, bytes: number): void {
    this.#number(TYPE.windowUpdate, id, bytes)
  }

  resetStream(id: number, code: number): void {
    this.#number(TYPE.resetStream, id, code)
  }

  goaway(lastId: number, code: number): void {
    const at = this.#begin(8, TYPE.goaway, 0, 0)
    writeNumber32(this.#bytes as Buffer, at, lastId)
    writeNumber32(this.#bytes as Buffer, at + 4, code)
  }

  /** Writes what is due, as far as there is room, and returns where it ends. */
  writeTo(into: Buffer, at: number): number {
    if (this.#bytes === undefined) return at
    const part = Math.min(this.#end, into.byteLength - at)
    this.#bytes.copy(into, at, 0, part)
    if (part < this.#end) {
      this.#bytes.copyWithin(0, part, this.#end)
      this.#end -= part
    } else {
      this.#end = 0
      this.#bytes = undefined
    }
    return at + part
  }

  #number(type: number, id: number, value: number): void {
    const at = this.#begin(4, type, 0, id)
    writeNumber32(this.#bytes as Buffer, at, value)
  }

  /** Writes a frame's head, with room for its payload behind it. Returns where that begins. */
  #begin(bytes: number, type: number, flags: number, id: number): number {
    const end = this.#end + FRAME_HEAD_BYTES + bytes
    if (this.#bytes === undefined) this.#bytes = Buffer.allocUnsafe(Math.max(ROOM_BYTES, end))
    else if (end > this.#bytes.byteLength) {
      const longer = Buffer.allocUnsafe(2 * end)
      this.#bytes.copy(longer, 0, 0, this.#end)
      this.#bytes = longer
    }
    const at = writeFrameHead(this.#bytes, this.#end, { bytes, type, flags, id })
    this.#end = end
    return at
  }
}

/** What we say of ourselves first (RFC 9113 §3.4). @param takesTunnels whether extended CONNECT is (RFC 8441 §3) */
export function ownSettings(own: {
  streamsMax: number
  streamWindowBytes: number
  headerListBytesMax: number
  takesTunnels: boolean
}): number[] {
  return [
    ...[SETTING.maxConcurrentStreams, own.streamsMax],
    ...[SETTING.initialWindowSize, own.streamWindowBytes],
    ...[SETTING.maxHeaderListSize, own.headerListBytesMax],
    // We go by RFC 9218, whatever PRIORITY says.
    ...[SETTING.noRfc7540Priorities, 1],
    ...(own.takesTunnels ? [SETTING.enableConnectProtocol, 1] : []),
  ]
}

/** An error's name in RFC 9113 §7, for the log and the metrics. */
export function nameOfCode(code: number): string {
  return NAMES[code] ?? `code ${code}`
}

const NAMES: Readonly<Record<number, string>> = {
  [CODE.noError]: 'NO_ERROR',
  [CODE.protocolError]: 'PROTOCOL_ERROR',
  [CODE.internalError]: 'INTERNAL_ERROR',
  [CODE.flowControlError]: 'FLOW_CONTROL_ERROR',
  [CODE.settingsTimeout]: 'SETTINGS_TIMEOUT',
  [CODE.streamClosed]: 'STREAM_CLOSED',
  [CODE.frameSizeError]: 'FRAME_SIZE_ERROR',
  [CODE.refusedStream]: 'REFUSED_STREAM',
  [CODE.cancel]: 'CANCEL',
  [CODE.compressionError]: 'COMPRESSION_ERROR',
  [CODE.enhanceYourCalm]: 'ENHANCE_YOUR_CALM',
}
