import { readFileSync } from 'node:fs'
import { isIP } from 'node:net'
import { parse } from 'yaml'
import { z } from 'zod'
import { ConfigError } from '../../program/errors.ts'
import { readSettings } from '../../program/settings.ts'
import { networkIn } from '../nearest/network.ts'

/** A host name without a dot at its end, in lower case (RFC 1123 §2.1). */
const hostName = z
  .string()
  .toLowerCase()
  .regex(/^(?=.{1,200}$)[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?(\.[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?)*$/, {
    message: 'is no host name',
  })

/** A name within the zone: `@` is the zone itself, `*` any label that no other name has (RFC 4592). */
const nameInZone = z
  .string()
  .toLowerCase()
  .regex(
    /^(@|\*|(\*\.)?[a-z0-9_-]{1,63}(\.[a-z0-9_-]{1,63})*)$/,
    'is no name within the zone: `@`, `*`, `www`',
  )

/** Without the zone of a link-local one, which means nothing to others. */
const address = z.string().refine((text) => isIP(text) !== 0 && !text.includes('%'), 'is no IP address')

/** What one length byte can tell of (RFC 1035 §3.3). */
const characterString = z
  .string()
  .refine((text) => Buffer.byteLength(text) <= 255, 'is longer than 255 bytes of UTF-8')

const port = z.int().min(1).max(65_535)
const code = z.string().regex(/^[a-z0-9][a-z0-9-]{0,31}$/, 'must be letters and digits, such as `cdg1`')
const latitude = z.number().min(-90).max(90).describe('Degrees; north is positive.')
const longitude = z.number().min(-180).max(180).describe('Degrees; east is positive.')

const network = z.string().transform((text, context) => {
  const found = networkIn(text)
  if (found !== undefined) return found
  context.issues.push({ code: 'custom', input: text, message: 'is no block of addresses, as `192.0.2.0/24`' })
  return z.NEVER
})

const edge = z.strictObject({
  code: code.describe('Its name: `cdg1` answers to `cdg1.<zone>`.'),
  city: z.string().max(80).default('').describe('For people.'),
  addresses: z.array(address).min(1).max(16).describe('IPv4 and IPv6 addresses that viewers connect to.'),
  latitude,
  longitude,
  weight: z
    .number()
    .positive()
    .max(1_000)
    .default(1)
    .describe('Its share of the viewers that it shares with edges about as near.'),
  capacity: z
    .number()
    .positive()
    .max(1)
    .default(0.9)
    .describe('Load from which on further viewers go to the next edge; 1 is as busy as it can be.'),
  drained: z.boolean().default(false).describe('Whether it is to get no viewers.'),
  probe: z
    .url({ protocol: /^https?$/ })
    .optional()
    .describe('Where its `/readyz` is; on its first address and `probe.port` when left out.'),
  http: port.default(80).describe('Port of plain HTTP.'),
  https: z
    .strictObject({
      port: port.default(443),
      alpn: z
        .array(z.string().regex(/^[!-+\--~]{1,32}$/, 'is no protocol id'))
        .min(1)
        .max(8)
        .default(['h2', 'http/1.1']),
    })
    .optional()
    .describe('HTTPS, for records of type HTTPS; none are given when left out.'),
  url: z
    .url({ protocol: /^https?$/ })
    .optional()
    .describe('Where redirects lead; its own host name in the zone when left out.'),
})

const probing = z
  .strictObject({
    intervalMs: z.int().min(100).max(600_000).default(2_000).describe('Time between probes of one edge.'),
    timeoutMs: z.int().min(50).max(60_000).default(1_000).describe('How long an answer may take.'),
    rise: z.int().min(1).max(100).default(2).describe('Good probes in a row until an edge lives again.'),
    fall: z.int().min(1).max(100).default(3).describe('Bad ones in a row until it is dead.'),
    port: port.default(8091).describe('The port of an edge’s admin, where it names no `probe` of its own.'),
  })
  .prefault({})

const dns = z.strictObject({
  nameServers: z
    .array(z.strictObject({ name: hostName, addresses: z.array(address).max(8).default([]) }))
    .min(1)
    .max(13)
    .describe('Of the zone, full names; with addresses where they are in the zone.'),
  contact: hostName.describe('Who is responsible, as SOA has it: `hostmaster.example.net`.'),
  ttlSeconds: z.int().min(0).max(86_400).default(30).describe('Of where edges are.'),
  fixedTtlSeconds: z.int().min(0).max(604_800).default(3_600).describe('Of all that does not move.'),
  negativeTtlSeconds: z.int().min(0).max(86_400).default(30).describe('Of “there is no such name”.'),
  names: z.array(nameInZone).max(10_000).default(['@', '*']).describe('Names that lead to the nearest edge.'),
  caa: z
    .array(
      z.strictObject({
        flags: z.int().min(0).max(255).default(0),
        tag: z.string().regex(/^[a-z0-9]{1,15}$/),
        value: z.string().max(255),
      }),
    )
    .default([])
    .describe('Who may issue certificates for names of the zone (RFC 8659).'),
  txt: z
    .record(nameInZone, z.array(characterString).min(1))
    .default({})
    .describe('TXT records, by name within the zone.'),
  udpBytesMax: z.int().min(512).max(4_096).default(1_232).describe('Longest answer over UDP.'),
  responsesPerSecond: z
    .int()
    .min(0)
    .default(200)
    .describe('Alike answers to one network a second over UDP; 0 is no limit.'),
  slip: z
    .int()
    .min(0)
    .max(10)
    .default(2)
    .describe('Of those over the limit, each how many-th is “ask over TCP” and not silence; 0 is none.'),
  cookieSecret: z
    .string()
    .regex(/^[0-9a-f]{32,128}$/, 'must be at least 32 hexadecimal digits')
    .optional()
    .describe('Makes DNS cookies; the same for all routers of one address. Made up when left out.'),
  tcpConnectionsMax: z.int().min(1).max(100_000).default(512),
  tcpIdleMs: z.int().min(100).max(120_000).default(5_000).describe('How long a TCP client may say nothing.'),
})

const redirects = z
  .strictObject({
    scheme: z.enum(['http', 'https']).default('https').describe('Of the edges’ own host names.'),
    maxAgeSeconds: z.int().min(0).max(3_600).default(30),
    trustedProxies: z
      .array(network)
      .default([])
      .describe('Blocks of proxies whose `X-Forwarded-For` is believed.'),
  })
  .prefault({})

const override = z
  .union([
    z.strictObject({ prefix: network, edges: z.array(code).min(1) }),
    z.strictObject({ asn: z.int().min(1).max(4_294_967_295), edges: z.array(code).min(1) }),
    z.strictObject({
      country: z.string().regex(/^[A-Z]{2}$/, 'must be two capital letters'),
      edges: z.array(code).min(1),
    }),
  ])
  .describe('Whom an operator sends where: by prefix, network or country, in this order.')

const databases = z
  .strictObject({
    city: z
      .array(z.string())
      .min(1)
      .max(2)
      .optional()
      .describe('City databases (.mmdb), one for both families or one each; DB-IP’s when it is installed.'),
    country: z.string().optional().describe('A country database (.mmdb); the bundled one when left out.'),
    asn: z.string().optional().describe('An ASN database (.mmdb); the bundled one when left out.'),
  })
  .prefault({})

const fleetSchema = z.strictObject({
  zone: hostName.describe('The DNS zone that the router answers for.'),
  place: z.strictObject({ latitude, longitude }).describe('Of the router: viewers who are nowhere are here.'),
  toleranceKm: z
    .number()
    .min(0)
    .max(20_000)
    .default(100)
    .describe('Edges that are at most this much farther than the nearest share its viewers.'),
  probe: probing,
  dns,
  redirect: redirects,
  databases,
  overrides: z.array(override).max(10_000).default([]),
  edges: z.array(edge).min(1).max(1_000),
})

/** A fleet of edges, and how viewers are led to them. */
export type FleetFile = z.infer<typeof fleetSchema>
/** One edge of a fleet file. */
export type FleetEdge = FleetFile['edges'][number]

/** Reads a fleet file (YAML). @throws ConfigError which names the field */
export function readFleetFile(path: string): FleetFile {
  let text: string
  try {
    text = readFileSync(path, 'utf8')
  } catch (error) {
    throw new ConfigError(
      '--fleet',
      (error as Error).message,
      'Name a file that can be read; deploy/fleet.example.yaml has every field.',
    )
  }
  return fleetFrom(text, path)
}

/** @param where names the file in messages. @throws ConfigError which names the field */
export function fleetFrom(text: string, where: string): FleetFile {
  let data: unknown
  try {
    data = parse(text)
  } catch (error) {
    throw new ConfigError(where, (error as Error).message, 'Write it as YAML.')
  }
  const fleet = readSettings(fleetSchema, data, where)
  checkCodes(fleet, where)
  return fleet
}

function checkCodes({ edges, overrides }: FleetFile, where: string): void {
  const codes = new Set<string>()
  for (const [at, { code }] of edges.entries()) {
    if (codes.has(code))
      throw new ConfigError(`${where}: edges[${at}].code`, `${code} is there twice`, 'Give each its own.')
    codes.add(code)
  }
  for (const [at, { edges: named }] of overrides.entries()) {
    const unknown = named.find((one) => !codes.has(one))
    if (unknown !== undefined) {
      throw new ConfigError(
        `${where}: overrides[${at}].edges`,
        `${unknown} is no edge of the fleet`,
        'Name codes of `edges`.',
      )
    }
  }
}
