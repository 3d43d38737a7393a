import type { Network } from '../nearest/network.ts'
import { bytesOf, networkOf } from '../nearest/network.ts'
import { placeInWords, type Steer, type Steered } from '../steer.ts'
import { writtenClientSubnet } from './client-subnet.ts'
import type { Cookies } from './cookie.ts'
import { type Message, messageOf } from './message.ts'
import { type Edns, isInternet, type Question, readQuery } from './query.ts'
import type { RateLimit, Verdict } from './rate-limit.ts'
import { type Record, record } from './records.ts'
import { isMetaType, OPTION, PLAIN_UDP_BYTES, RCODE, TYPE } from './wire.ts'
import type { Node, Zone } from './zone.ts'

/** What answering needs. */
export interface Answering {
  zone: Zone
  steer: Steer
  cookies: Cookies
  limit: RateLimit
  /** Longest answer over UDP, bytes. */
  udpBytesMax: number
  ttlSeconds: number
  fixedTtlSeconds: number
  /** Told of each answer. */
  count(rcode: number): void
}

/** Who asks, and how. */
export interface Asking {
  /** Of the client, as text. */
  address: string
  over: 'udp' | 'tcp'
  nowMs: number
}

/** Makes the answer to a message; `undefined` for silence. Never throws. */
export type AnswerDns = (message: Buffer, asking: Asking) => Buffer | undefined

/** What a question comes to. */
interface Outcome {
  rcode: number
  answers: readonly Record[]
  /** A negative answer says how long it holds. */
  soa?: Record
  extra?: readonly Buffer[]
  authoritative: boolean
  /** For a block of how many bits it holds, of the subnet that was asked for. */
  scope: number
  /** Names the answer for rate limits. */
  id: string
}

/** An authoritative server's way of answering, for one zone. */
export function answering(with_: Answering): AnswerDns {
  const { zone, cookies, udpBytesMax, count } = with_

  return (message, asking) => {
    const query = readQuery(message)
    if (query.kind === 'drop') return undefined
    const address = bytesOf(asking.address)
    if (address === undefined) return undefined
    const question = query.kind === 'cookie' ? undefined : query.question
    const edns = query.kind === 'wrong' ? undefined : query.edns
    const outcome = outcomeOf(with_, query, address)
    const verdict = verdictOn(with_, outcome, edns, address, asking)
    if (verdict === 'drop') return undefined
    count(outcome.rcode)
    const options = edns && optionsOf(edns, outcome, cookies, address, asking.nowMs)
    const made: Message = {
      query: message,
      question,
      zone,
      ...outcome,
      edns: options && { udpBytes: udpBytesMax, options },
      isTruncated: verdict === 'truncate',
    }
    const bytesMax = asking.over === 'tcp' ? 65_535 : Math.min(edns?.udpBytes ?? PLAIN_UDP_BYTES, udpBytesMax)
    return messageOf(made, bytesMax)
  }
}

/** Over TCP, and with a cookie of ours, a client is at its address: nobody else is flooded. */
function verdictOn(
  { cookies, limit }: Answering,
  { id }: Outcome,
  edns: Edns | undefined,
  address: Uint8Array,
  { over, nowMs }: Asking,
): Verdict {
  if (over === 'tcp') return 'send'
  if (edns?.cookie !== undefined && cookies.isOurs(edns.cookie, address, nowMs / 1_000)) return 'send'
  return limit.verdict(limitKey(address, id), nowMs)
}

/** One network's share of the limit: what it is, and what it is told. */
function limitKey(address: Uint8Array, id: string): string {
  return address.length === 4
    ? `${address[0]}.${address[1]}.${address[2]} ${id}`
    : `${networkOf(address, 56).bytes.join('.')} ${id}`
}

type Read = ReturnType<typeof readQuery>

function outcomeOf(with_: Answering, query: Exclude<Read, { kind: 'drop' }>, address: Uint8Array): Outcome {
  if (query.kind === 'wrong') return refusal(query.rcode)
  if (query.edns !== undefined && query.edns.version !== 0) return refusal(RCODE.badVers)
  if (query.kind === 'cookie') return refusal(RCODE.noError)
  const { question, edns } = query
  const found =
    isInternet(question) && !isMetaType(question.type) ? with_.zone.find(question.name) : 'outside'
  if (found === 'outside') return refusal(RCODE.refused)
  const { soa } = with_.zone
  if (found === 'none')
    return { rcode: RCODE.nxDomain, answers: [], soa, authoritative: true, scope: 0, id: 'no such name' }
  const { answers, scope } = recordsAt(with_, found, question, edns?.subnet?.network, address)
  const base = {
    rcode: RCODE.noError,
    answers,
    authoritative: true,
    scope,
    id: `${found.id} ${question.type}`,
  }
  // One kind of answer whatever type was asked for: a flood with types made up is held back as one.
  if (answers.length === 0) return { ...base, soa, id: `${found.id} no data` }
  const isNaming = question.type === TYPE.NS && found.fixed.has(TYPE.NS)
  return isNaming ? { ...base, extra: with_.zone.glue } : base
}

function refusal(rcode: number): Outcome {
  return { rcode, answers: [], authoritative: false, scope: 0, id: `error ${rcode}` }
}

const NONE: readonly Record[] = []

/** The records of a type at a name, and for a block of how many bits they are. */
function recordsAt(
  { zone, steer, ttlSeconds, fixedTtlSeconds }: Answering,
  node: Node,
  { type }: Question,
  subnet: Network | undefined,
  address: Uint8Array,
): { answers: readonly Record[]; scope: number } {
  // Minimal, so that nobody makes an amplifier of us (RFC 8482 §4.2).
  if (type === TYPE.ANY) return { answers: [minimalAny(fixedTtlSeconds)], scope: 0 }
  const fixed = node.fixed.get(type)
  if (fixed !== undefined) return { answers: fixed, scope: 0 }
  const isSteered =
    node.here === 'nearest' ? type === TYPE.A || type === TYPE.AAAA || type === TYPE.HTTPS : type === TYPE.TXT
  if (node.here === undefined || !isSteered) return { answers: NONE, scope: 0 }
  const steered = steer(subnet?.bytes ?? address)
  const scope = subnet === undefined ? 0 : steered.located.block.prefix
  if (node.here === 'where') return { answers: [whereRecord(steered, ttlSeconds)], scope }
  return { answers: zone.edges.get(steered.edge.code)?.get(type) ?? NONE, scope }
}

/** `where.<zone>`: the edge, how far it is, the place that the databases gave, and why this edge. */
function whereRecord({ chosen, located }: Steered, ttl: number): Record {
  const texts = [chosen.edge.code, `${Math.round(chosen.km)} km`, placeInWords(located), chosen.because]
  const data = texts.map((text) => Buffer.from(text).subarray(0, 255))
  return record('TXT', ttl, data)
}

function minimalAny(ttl: number): Record {
  return record('HINFO', ttl, { cpu: 'RFC8482', os: '' })
}

function optionsOf(
  { subnet, cookie }: Edns,
  { scope, rcode }: Outcome,
  cookies: Cookies,
  address: Uint8Array,
  nowMs: number,
): { code: number; data: Buffer }[] {
  const options: { code: number; data: Buffer }[] = []
  if (subnet !== undefined && (rcode === RCODE.noError || rcode === RCODE.nxDomain))
    options.push({ code: OPTION.clientSubnet, data: writtenClientSubnet(subnet, scope) })
  if (cookie !== undefined)
    options.push({ code: OPTION.cookie, data: cookies.written(cookie, address, nowMs / 1_000) })
  return options
}
