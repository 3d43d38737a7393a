import { HpackDecoder } from '../../../edge/listen/http2/hpack/decoder.ts'
import {
  CODE,
  FLAG,
  type Frame,
  frame,
  PREFACE,
  type RawHttp2,
  rawHttp2,
  statusIn,
  TYPE,
} from '../http2-frames.ts'

/** A connection on which frames are written by hand, and what came over it is waited for. */
export interface Viewer extends AsyncDisposable {
  raw: RawHttp2
  /** Frames that came, in order. */
  readonly frames: readonly Frame[]
  /** What the edge's first SETTINGS say, by id. */
  readonly settings: ReadonlyMap<number, number>
  /** Sends in one write, or one byte after the other where the connection was opened so. */
  send(...frames: readonly Buffer[]): Promise<void>
  /**
   * What `look` finds, once it finds something.
   *
   * @throws when nothing comes of it for `WAIT_MS`, or the connection is closed: with all that came
   */
  until<T>(look: () => T | undefined, what: string): Promise<T>
  /** The first frame of such a kind, once it is there. */
  frame(type: number, stream: number): Promise<Frame>
  /** Status of the final answer, once it is there. */
  status(stream: number): Promise<number>
  /** The body so far. */
  body(stream: number): Buffer
  /** Whether END_STREAM came. */
  hasEnded(stream: number): boolean
  /** The error code with which a stream was reset. */
  resetCode(stream: number): number | undefined
  /** Sends a PING and waits for its answer: all that was sent before has been looked at. */
  ping(): Promise<void>
}

/** How long something may take that is to happen at once, ms. */
const WAIT_MS = Number(process.env.SELVEDGE_HTTP2_WAIT_MS ?? 15_000)

/** How a connection is opened. */
export interface Opening {
  /** Payload of our SETTINGS. */
  settings?: Buffer
  /** In place of preface and SETTINGS; the edge's settings aren't waited for. */
  opens?: Buffer
  /** Every byte in a TLS record of its own. */
  isByteByByte?: boolean
}

/** Connects to an edge on this machine. */
export async function viewerAt(port: number, opening: Opening = {}): Promise<Viewer> {
  const { settings = Buffer.alloc(0), isByteByByte = false } = opening
  const raw = await rawHttp2(port, undefined, Buffer.alloc(0))
  const { frames, socket } = raw
  let wake: (() => void)[] = []
  const woken = () => {
    for (const one of wake.splice(0)) one()
  }
  socket.on('data', woken)
  socket.on('close', woken)
  const changed = (ms: number) =>
    new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, ms)
      wake.push(() => {
        clearTimeout(timer)
        resolve()
      })
    })

  const viewer: Viewer = {
    raw,
    frames,
    get settings() {
      return settingsIn(frames[0]?.type === TYPE.settings ? frames[0].payload : Buffer.alloc(0))
    },
    async send(...all) {
      const bytes = Buffer.concat(all)
      if (!isByteByByte) raw.send(bytes)
      else for (let at = 0; at < bytes.byteLength; at += 1) await raw.sent(bytes.subarray(at, at + 1))
    },
    async until(look, what) {
      const endMs = performance.now() + WAIT_MS
      for (;;) {
        const found = look()
        if (found !== undefined) return found
        const leftMs = endMs - performance.now()
        if (leftMs <= 0 || raw.closed)
          throw new Error(`${what} did not come, but: ${told(frames)}${raw.closed ? ', closed' : ''}`)
        await changed(leftMs)
      }
    },
    frame: (type, stream) =>
      viewer.until(
        () => frames.find((one) => one.type === type && one.stream === stream),
        `a frame of type ${type} on ${stream}`,
      ),
    status: (stream) => viewer.until(() => finalStatus(frames, stream), `an answer on ${stream}`),
    body: (stream) =>
      Buffer.concat(
        frames.filter((one) => one.type === TYPE.data && one.stream === stream).map(({ payload }) => payload),
      ),
    hasEnded: (stream) =>
      frames.some(
        (one) =>
          (one.type === TYPE.data || one.type === TYPE.headers) && one.stream === stream && one.flags & 1,
      ),
    resetCode: (stream) =>
      frames.find((one) => one.type === TYPE.reset && one.stream === stream)?.payload.readUInt32BE(),
    async ping() {
      const payload = Buffer.alloc(8)
      payload.writeDoubleBE(performance.now())
      await viewer.send(frame(TYPE.ping, 0, 0, payload))
      await viewer.until(
        () => frames.find((one) => one.type === TYPE.ping && one.payload.equals(payload)),
        'the answer to a PING',
      )
    },
    async [Symbol.asyncDispose]() {
      socket.destroy()
      wake = []
    },
  }

  await viewer.send(opening.opens ?? Buffer.concat([PREFACE, frame(TYPE.settings, 0, 0, settings)]))
  if (opening.opens === undefined) {
    await viewer.frame(TYPE.settings, 0)
    await viewer.send(frame(TYPE.settings, FLAG.ack, 0))
  }
  return viewer
}

/** Status of the last HEADERS on a stream that is neither interim nor trailers. */
export function finalStatus(frames: readonly Frame[], stream: number): number | undefined {
  for (const one of frames) {
    const status = one.type === TYPE.headers && one.stream === stream ? statusIn(one.payload) : undefined
    if (status !== undefined && status >= 200) return status
  }
  return undefined
}

/** The fields of a stream's header blocks, in order: one list for each. */
export function fieldsOn({ frames }: Pick<Viewer, 'frames'>, stream: number): string[][] {
  const decoder = new HpackDecoder(4_096, 1_000_000, 10_000)
  const blocks = frames.filter(({ type }) => type === TYPE.headers)
  return blocks
    .map((one) => ({ stream: one.stream, fields: decoder.decode(one.payload).fields }))
    .filter((one) => one.stream === stream)
    .map(({ fields }) => fields)
}

/** Waits for the end of stream 1. */
export async function ended({ until, hasEnded }: Viewer): Promise<void> {
  await until(() => hasEnded(1) || undefined, 'the end')
}

/** Settings by id; the last of several says it. */
export function settingsIn(payload: Buffer): Map<number, number> {
  const settings = new Map<number, number>()
  for (let at = 0; at + 6 <= payload.byteLength; at += 6) {
    settings.set(payload.readUInt16BE(at), payload.readUInt32BE(at + 2))
  }
  return settings
}

const NAMES = Object.fromEntries(Object.entries(TYPE).map(([name, type]) => [type, name]))
const CODES = Object.fromEntries(Object.entries(CODE).map(([name, code]) => [code, name]))

/** Frames in words, for whoever reads why a test failed. */
export function told(frames: readonly Frame[]): string {
  const words = frames.map(({ type, stream, flags, payload }) => {
    const name = NAMES[type] ?? type
    if (type === TYPE.goaway) return `goaway ${CODES[payload.readUInt32BE(4)]}`
    if (type === TYPE.reset) return `reset(${stream}) ${CODES[payload.readUInt32BE()]}`
    if (type === TYPE.headers) return `headers(${stream}) ${statusIn(payload)}`
    return `${name}${stream === 0 ? '' : `(${stream})`}${flags & 1 ? '!' : ''} ${payload.byteLength}`
  })
  return words.length > 30 ? `${words.slice(0, 30).join(', ')} … ${words.length} in all` : words.join(', ')
}
