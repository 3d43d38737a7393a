import type { Cores } from '../processes.ts'
import { CACHE_MEGABYTES, type Contender, type Stand } from './contender.ts'
import { startTiers } from './tiers.ts'

const MEBIBYTE = 1_048_576

/** As little as it needs to take the largest body, 1 MB, as a whole. */
const SHIELD_MEGABYTES = 2

/** How our edge is started, beside what all contenders are told. */
export interface EdgeOptions {
  workers?: number
  /** That the edge is kept to; the shield has the stand's one. */
  cores?: Cores
}

/**
 * Our edge, with one worker unless said, and the shield behind it, all on one core. The access log goes to the spool
 * on disk; no collector takes it from there, as nobody takes nginx's. The edge may keep as much as every
 * peer, the shield next to nothing: what the edge lacks, the origin is asked for.
 */
export async function startEdge(
  { originPort, folder, core, profile, http2 }: Stand,
  { workers = 1, cores = core }: EdgeOptions = {},
): Promise<Contender> {
  const origin = { id: 'origin', http: { url: `http://127.0.0.1:${originPort}` } }
  const { ports, edge, shield, ...parts } = await startTiers(origin, folder, {
    cores: { edge: cores, shield: core },
    workers,
    http2,
    cacheBytes: { edge: CACHE_MEGABYTES * MEBIBYTE, shield: SHIELD_MEGABYTES * MEBIBYTE },
    nodeOptions: profile === undefined ? [] : ['--cpu-prof', `--cpu-prof-dir=${profile}`],
  })
  return {
    id: 'selvedge',
    name: 'Selvedge edge',
    version: `Node ${process.versions.node}`,
    ports,
    pids: [shield, edge],
    ...parts,
  }
}
