import { type ClientSubnet, readClientSubnet } from './client-subnet.ts'
import { readCookie } from './cookie.ts'
import { CLASS_IN, HEADER_BYTES, OPTION, PLAIN_UDP_BYTES, RCODE, TYPE } from './wire.ts'

/** Longest name on the wire, bytes, its root included (RFC 1035 §2.3.4). */
const NAME_BYTES_MAX = 255

/** A question as it was asked. */
export interface Question {
  /** In lower case, without a dot at its end; empty for the root. Odd bytes and dots within labels are escaped. */
  name: string
  type: number
  class: number
  /** Where the question ends in the message, bytes. */
  end: number
}

/** What a client says of itself (RFC 6891). */
export interface Edns {
  version: number
  /** Longest answer over UDP that it takes, bytes; at least 512. */
  udpBytes: number
  subnet: ClientSubnet | undefined
  /** As it came: the client's part, then maybe a server's. */
  cookie: Buffer | undefined
}

/** An option of EDNS as it came. */
interface Option {
  code: number
  data: Buffer
}

/** A message that asks something, or what is wrong with it. */
export type Query =
  | { kind: 'query'; question: Question; edns: Edns | undefined }
  /** A client that wants to know its cookie and nothing else (RFC 7873 §5.4). */
  | { kind: 'cookie'; edns: Edns }
  /** Answered with an error. */
  | { kind: 'wrong'; rcode: number; question: Question | undefined }
  /** No query at all: an answer would make a loop of two servers, or an amplifier of us. */
  | { kind: 'drop' }

/** Reads a message. Never throws, whatever it is. */
export function readQuery(message: Buffer): Query {
  if (message.length < HEADER_BYTES) return { kind: 'drop' }
  const flags = message.readUInt16BE(2)
  if ((flags & 0x8000) !== 0) return { kind: 'drop' }
  if ((flags & 0x7800) !== 0) return { kind: 'wrong', rcode: RCODE.notImp, question: undefined }
  const [questions, answers, authorities, additionals] = [4, 6, 8, 10].map((at) => message.readUInt16BE(at))
  const question = questions === 1 ? readQuestion(message) : undefined
  const wrong = { kind: 'wrong', rcode: RCODE.formErr, question } as const
  // One question and nothing but OPT beside it: we take no transfers, updates or signatures.
  if (answers !== 0 || authorities !== 0 || (additionals ?? 0) > 1) return wrong
  if (questions === 1 ? question === undefined : questions !== 0) return wrong
  const end = question?.end ?? HEADER_BYTES
  const edns = additionals === 0 ? undefined : readEdns(message, end)
  if (edns === 'malformed' || (edns === undefined && message.length !== end)) return wrong
  if (question !== undefined) return { kind: 'query', question, edns }
  return edns?.cookie === undefined ? wrong : { kind: 'cookie', edns }
}

/** The question after the header. A pointer in it could only lead to the header: there are none (RFC 1035 §4.1.4). */
function readQuestion(message: Buffer): Question | undefined {
  let at = HEADER_BYTES
  let name = ''
  for (;;) {
    const length = message[at]
    if (length === undefined || length > 63) return undefined
    at += 1
    if (length === 0) break
    if (at + length > message.length || at + length - HEADER_BYTES >= NAME_BYTES_MAX) return undefined
    name += `${name === '' ? '' : '.'}${labelIn(message, at, at + length)}`
    at += length
  }
  if (at + 4 > message.length) return undefined
  return { name, type: message.readUInt16BE(at), class: message.readUInt16BE(at + 2), end: at + 4 }
}

/** A label as text: lower case, odd bytes as `\255` (RFC 1035 §5.1), so that no two labels read alike. */
function labelIn(message: Buffer, from: number, to: number): string {
  let label = ''
  for (let at = from; at < to; at++) {
    const byte = message[at] as number
    if (byte >= 0x41 && byte <= 0x5a) label += String.fromCharCode(byte + 0x20)
    else if (byte > 0x20 && byte < 0x7f && byte !== 0x2e && byte !== 0x5c) label += String.fromCharCode(byte)
    else label += `\\${String(byte).padStart(3, '0')}`
  }
  return label
}

/** The OPT record that follows the question, and ends the message. */
function readEdns(message: Buffer, at: number): Edns | 'malformed' {
  // Only OPT of the root is wanted: whatever else stands here isn't even read.
  if (message[at] !== 0 || at + 11 > message.length || message.readUInt16BE(at + 1) !== TYPE.OPT)
    return 'malformed'
  const length = message.readUInt16BE(at + 9)
  if (at + 11 + length !== message.length) return 'malformed'
  const options = optionsIn(message, at + 11)
  if (options === undefined) return 'malformed'
  const version = message[at + 6] as number
  const udpBytes = Math.max(PLAIN_UDP_BYTES, message.readUInt16BE(at + 3))
  const told = toldBy(options)
  return told === undefined ? 'malformed' : { version, udpBytes, ...told }
}

/** Subnet and cookie; `undefined` when one is malformed, or a subnet is there twice. */
function toldBy(options: readonly Option[]): Pick<Edns, 'subnet' | 'cookie'> | undefined {
  const told: Pick<Edns, 'subnet' | 'cookie'> = { subnet: undefined, cookie: undefined }
  for (const { code, data } of options) {
    if (code === OPTION.clientSubnet) {
      if (told.subnet !== undefined) return undefined
      told.subnet = readClientSubnet(data)
      if (told.subnet === undefined) return undefined
    } else if (code === OPTION.cookie) {
      told.cookie ??= readCookie(data)
      if (told.cookie === undefined) return undefined
    }
  }
  return told
}

/**
 * The options of an OPT record, which ends the message; `undefined` when they don't end where it does. What is in one
 * matters to who knows its code: the others are passed over, whatever they hold (RFC 6891 §6.1.2).
 */
function optionsIn(message: Buffer, from: number): Option[] | undefined {
  const options: Option[] = []
  let at = from
  while (at + 4 <= message.length) {
    const end = at + 4 + message.readUInt16BE(at + 2)
    options.push({ code: message.readUInt16BE(at), data: message.subarray(at + 4, end) })
    at = end
  }
  return at === message.length ? options : undefined
}

/** Whether a question is of the Internet's class, the only one that we have. */
export function isInternet(question: Question): boolean {
  return question.class === CLASS_IN
}
