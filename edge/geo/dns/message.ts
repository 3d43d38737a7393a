import type { Question } from './query.ts'
import { FLAG, HEADER_BYTES, TYPE } from './wire.ts'
import type { Zone } from './zone.ts'

/** What an answer says. */
export interface Message {
  /** What it answers: id, flags and the question's own bytes are taken from it, so that case stays (0x20). */
  query: Buffer
  /** `undefined` where there is none that could be read. */
  question: Question | undefined
  zone: Pick<Zone, 'nameBytes'>
  rcode: number
  authoritative: boolean
  /** Records of the name that was asked for, without it. */
  answers: readonly Buffer[]
  /** The zone's, without its name. */
  soa?: Buffer
  /** Whole records. */
  extra?: readonly Buffer[]
  /** What is said of us where the client said something of itself. */
  edns: { udpBytes: number; options: readonly { code: number; data: Buffer }[] } | undefined
  /** Says nothing but "ask over TCP". */
  isTruncated: boolean
}

/** A pointer to a name that stands earlier in the message (RFC 1035 §4.1.4). */
const pointerTo = (at: number) => 0xc000 | at

/** Type and class of a question. */
const TYPE_AND_CLASS = 4

/**
 * Writes an answer. Names in it are pointers into the question: the asked name's is its own, the zone's is its end.
 *
 * @param bytesMax what is longer becomes "ask over TCP"
 */
export function messageOf(message: Message, bytesMax: number): Buffer {
  const { edns, question, rcode } = message
  const questionEnd = question?.end ?? HEADER_BYTES
  const ednsBytes =
    edns === undefined ? 0 : 11 + edns.options.reduce((sum, { data }) => sum + 4 + data.length, 0)
  const room = bytesMax - questionEnd - ednsBytes
  const said = message.isTruncated ? undefined : saidWithin(message, room)
  const { answers, soa, extra, bytes } = said ?? NOTHING_SAID

  const out = Buffer.allocUnsafe(questionEnd + bytes + ednsBytes)
  message.query.copy(out, 0, 0, questionEnd)
  writeHeader(out, message, said === undefined)
  out.writeUInt16BE(question === undefined ? 0 : 1, 4)
  out.writeUInt16BE(answers.length, 6)
  out.writeUInt16BE(soa.length, 8)
  out.writeUInt16BE(extra.length + (edns === undefined ? 0 : 1), 10)
  let at = questionEnd
  for (const answer of answers) {
    at = out.writeUInt16BE(pointerTo(HEADER_BYTES), at)
    at += answer.copy(out, at)
  }
  for (const one of soa) {
    at = out.writeUInt16BE(pointerTo(questionEnd - TYPE_AND_CLASS - message.zone.nameBytes), at)
    at += one.copy(out, at)
  }
  for (const one of extra) at += one.copy(out, at)
  if (edns !== undefined) writeEdns(out, at, edns, rcode)
  return out
}

/** The records of a message, and their length with the names before them, bytes. */
interface Said {
  answers: readonly Buffer[]
  soa: readonly Buffer[]
  extra: readonly Buffer[]
  bytes: number
}

const NONE: readonly Buffer[] = []
const NOTHING_SAID: Said = { answers: NONE, soa: NONE, extra: NONE, bytes: 0 }

/**
 * What there is to say, if there is room for it. Addresses of name servers are left out where they don't fit: nobody
 * has to be told of that (RFC 2181 §9).
 */
function saidWithin({ answers, soa, extra = NONE }: Message, room: number): Said | undefined {
  const authority = soa === undefined ? NONE : [soa]
  const bytes = named(answers) + named(authority)
  if (bytes > room) return undefined
  const withExtra = bytes + lengthOf(extra)
  if (withExtra > room) return { answers, soa: authority, extra: NONE, bytes }
  return { answers, soa: authority, extra, bytes: withExtra }
}

function lengthOf(records: readonly Buffer[]): number {
  let bytes = 0
  for (const one of records) bytes += one.length
  return bytes
}

/** With the pointer to its name before each. */
function named(records: readonly Buffer[]): number {
  return lengthOf(records) + records.length * 2
}

/** Id, opcode and "recursion desired" are the question's (RFC 1035 §4.1.1). */
function writeHeader(out: Buffer, { query, authoritative, rcode }: Message, isTruncated: boolean): void {
  const asked = query.readUInt16BE(2)
  const flags =
    FLAG.response |
    (asked & 0x7800) |
    (asked & FLAG.recursionDesired) |
    (authoritative ? FLAG.authoritative : 0) |
    (isTruncated ? FLAG.truncated : 0) |
    (rcode & 15)
  out.writeUInt16BE(flags, 2)
}

/** The OPT record, with the upper bits of the rcode (RFC 6891 §6.1.3). */
function writeEdns(
  out: Buffer,
  from: number,
  { udpBytes, options }: NonNullable<Message['edns']>,
  rcode: number,
) {
  let at = from
  out[at] = 0
  at = out.writeUInt16BE(TYPE.OPT, at + 1)
  at = out.writeUInt16BE(udpBytes, at)
  at = out.writeUInt8(rcode >> 4, at)
  at = out.writeUInt8(0, at)
  at = out.writeUInt16BE(0, at)
  at = out.writeUInt16BE(out.length - at - 2, at)
  for (const { code, data } of options) {
    at = out.writeUInt16BE(code, at)
    at = out.writeUInt16BE(data.length, at)
    at += data.copy(out, at)
  }
}
