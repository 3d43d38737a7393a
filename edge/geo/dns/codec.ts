import packet, { type Answer } from 'dns-packet'

/** What dns-packet exports for single records and names, and its types leave out. */
interface Parts {
  answer: { encode(answer: Answer): Buffer }
  name: { encodingLength(name: string): number }
}

const { answer, name } = packet as unknown as Parts

/** Types of records that we give; `UNKNOWN_65` is HTTPS, which dns-packet doesn't know by name. */
export type RecordType = 'A' | 'AAAA' | 'CAA' | 'HINFO' | 'NS' | 'SOA' | 'TXT' | 'UNKNOWN_65'

/** A record as bytes. @param data as dns-packet has it for the type */
export function encodedRecord(of: { name: string; type: RecordType; ttl: number; data: unknown }): Buffer {
  return answer.encode(of as unknown as Answer)
}

/** Length of a name on the wire, bytes. */
export function wireLength(of: string): number {
  return name.encodingLength(of)
}
