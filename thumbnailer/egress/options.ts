import type { Logger } from 'pino'
import type { IsFronted } from '../fronted.ts'
import type { Metrics } from '../metrics.ts'
import type { ThumbnailerSettings } from '../settings.ts'
import { createJudge } from './destination.ts'
import type { Gates } from './gates.ts'
import type { GuardOptions } from './guard.ts'
import { resolveBy } from './resolve.ts'

const MEGABYTE = 1_048_576

/** Beyond a render's own time: it ends by itself, and its traffic with it. */
const AFTER_RENDER_MS = 10_000

/** What the guard is told by the settings. */
export function guardOptions(
  { egress, edge, renderSecondsMax }: Pick<ThumbnailerSettings, 'egress' | 'edge' | 'renderSecondsMax'>,
  {
    isFronted,
    metrics,
    gates,
    log,
  }: {
    isFronted: IsFronted
    metrics: Pick<Metrics, 'egressRefused' | 'egressBytes'>
    gates: Gates
    log: Logger
  },
): GuardOptions {
  const { ports, deny, nameServers, megabytesMax, requestsMax, connectionsMax } = egress
  return {
    judge: createJudge({ isFronted, edge, resolve: resolveBy(nameServers), ports, deny }),
    limits: {
      bytesMax: megabytesMax * MEGABYTE,
      requestsMax,
      connectionsMax,
      msMax: renderSecondsMax * 1_000 + AFTER_RENDER_MS,
    },
    gates,
    onRefused: ({ because }) => metrics.egressRefused(because),
    onBytes: metrics.egressBytes,
    log,
  }
}
