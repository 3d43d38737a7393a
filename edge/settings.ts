import { z } from 'zod'
import { cacheSettings } from './cache/settings.ts'
import { distributionSchema } from './distribution/schema.ts'
import { invalidationSettings } from './invalidation/settings.ts'
import { proxySettings } from './listen/proxies.ts'
import { http2Use, listenLimits } from './listen/settings.ts'
import { tlsSettings } from './listen/tls/settings.ts'
import { STOP_MS_MAX } from './program/run.ts'
import { programSettings } from './program/settings.ts'

const port = z.int().min(1).max(65_535)
const MEBIBYTE = 1_048_576

/** What an edge needs to know. No origin, and no secret but the key it shares with shields and collector. */
export const edgeSettings = programSettings.extend({
  host: z.string().default('0.0.0.0').describe('Address that viewers connect to.'),
  httpPort: port,
  httpsPort: port,
  tls: tlsSettings.optional().describe('How TLS is spoken, and with which certificate; no HTTPS without.'),
  workers: z.int().min(1).max(256),
  http2: http2Use.default('own').describe('What speaks HTTP/2 with viewers: our own stack, or node:http2.'),
  limits: listenLimits,
  proxies: proxySettings.optional().describe('Proxies in front of it that are believed.'),
  ...cacheSettings,
  invalidation: invalidationSettings,
  shields: z
    .array(z.url({ protocol: /^http$/ }))
    .min(1)
    .describe('Origin shields; each URL belongs to one of them.'),
  key: z.string().min(32).describe('Shared key: authenticates edges to shields and to the collector.'),
  collector: z
    .url({ protocol: /^https?$/ })
    .optional()
    .describe('Where log segments go; nowhere when left out.'),
  spool: z.object({
    directory: z.string(),
    bytesMax: z
      .int()
      .min(MEBIBYTE)
      .default(1024 * MEBIBYTE),
  }),
  countryDatabase: z.string().optional().describe('A country database (.mmdb) of your own.'),
  cityDatabases: z
    .array(z.string())
    .min(1)
    .max(2)
    .optional()
    .describe('City databases (.mmdb) of your own, for headers that policies list.'),
  asnDatabase: z.string().optional().describe('An ASN database (.mmdb) of your own, for the same.'),
  distributions: z.array(distributionSchema),
})

export type EdgeSettings = z.infer<typeof edgeSettings>

/** The ports that viewers come to, and how to choose others. */
export function viewerPorts({ httpPort, httpsPort, tls }: EdgeSettings) {
  const http = { port: httpPort, purpose: 'edge HTTP', option: '--http-port' }
  const https = { port: httpsPort, purpose: 'edge HTTPS', option: '--https-port' }
  return tls === undefined ? [http] : [http, https]
}

/** How long a worker may take to stop, ms: what is under way at its viewers', then what it has to write. */
export function workerStopMsMax({ limits }: Pick<EdgeSettings, 'limits'>): number {
  return limits.drainMs + STOP_MS_MAX
}

/** How long the whole edge may take to stop, ms: its workers, then the last of the log to the collector. */
export function edgeStopMsMax(settings: Pick<EdgeSettings, 'limits'>): number {
  return workerStopMsMax(settings) + STOP_MS_MAX
}
