/** Numbers and sizes of DNS messages (RFC 1035 §4.1, RFC 6891). */

export const HEADER_BYTES = 12

/** Bits of the second 16 of the header. */
export const FLAG = { response: 0x8000, authoritative: 0x0400, truncated: 0x0200, recursionDesired: 0x0100 }

export const RCODE = {
  noError: 0,
  formErr: 1,
  servFail: 2,
  nxDomain: 3,
  notImp: 4,
  refused: 5,
  badVers: 16,
} as const

export const TYPE = {
  A: 1,
  NS: 2,
  SOA: 6,
  TXT: 16,
  AAAA: 28,
  OPT: 41,
  HTTPS: 65,
  ANY: 255,
  CAA: 257,
} as const

/** Of types, those that are questions to a server and no records: transfers, and the obsolete MAILA and MAILB. */
export const isMetaType = (type: number) => type === TYPE.OPT || (type >= 249 && type <= 254)

export const CLASS_IN = 1

/** EDNS options. */
export const OPTION = { clientSubnet: 8, cookie: 10 } as const

/** What a client without EDNS takes over UDP, bytes. */
export const PLAIN_UDP_BYTES = 512
