/**
 * The edge's first process: answers no viewer itself. It keeps the workers running, ships what they
 * logged to the collector, and sums their metrics for the operator.
 */
import cluster from 'node:cluster'
import { createServer } from 'node:net'
import { AggregatorRegistry } from 'prom-client'
import { openDiskStore } from './cache/disk/disk-store.ts'
import { holdInvalidations } from './cache/held-invalidations.ts'
import { assembleInvalidation } from './invalidation/assemble.ts'
import { invalidationMetrics } from './invalidation/metrics.ts'
import { gatherWorkers } from './invalidation/workers.ts'
import { handOut } from './listen/tls/hand-out.ts'
import { keyringMetrics, openKeyring } from './listen/tls/keyring.ts'
import { namedCertificates } from './listen/tls/named-certificates.ts'
import { startShipper } from './log/shipper.ts'
import { serveAdmin } from './program/admin.ts'
import { PortInUse } from './program/errors.ts'
import { runProgram } from './program/run.ts'
import { supervise } from './program/supervise.ts'
import { type EdgeSettings, edgeSettings } from './settings.ts'

await runProgram('edge', edgeSettings, async ({ settings, log, parts }) => {
  const keyring = parts.use(await openKeyring(namedCertificates(settings), log))
  await claimPorts(settings)
  const { key, collector, node, spool } = settings
  const shipper =
    collector === undefined
      ? undefined
      : parts.use(
          await startShipper({
            directory: spool.directory,
            spoolBytesMax: spool.bytesMax,
            node,
            collector,
            key,
            log,
          }),
        )

  // Opened here first: what is wrong with it is found out before any worker works with it.
  const disk = settings.disk && parts.use(await openDiskStore({ ...settings.disk, log }))
  const held = holdInvalidations()
  const joined = gatherWorkers(held)
  const invalidating = parts.use(
    await assembleInvalidation({
      tier: 'edge',
      settings,
      log,
      held,
      journal: disk?.journal(),
      processes: joined,
    }),
  )
  const handOutTo = handOut(keyring)
  const spawn = () => {
    const { process: worker } = cluster.fork()
    joined.join(worker)
    handOutTo(worker)
    return worker
  }

  cluster.setupPrimary({ exec: new URL('worker.ts', import.meta.url).pathname })
  const died = (pid: number) =>
    void shipper
      ?.adopt(pid)
      .catch((error: unknown) => log.error({ pid, error: String(error) }, 'orphaned log segments'))
  const workers = Array.from({ length: settings.workers }, (_, at) =>
    supervise({ name: `edge worker ${at + 1}`, spawn, settings, log, died }),
  )
  parts.defer(async () => {
    await Promise.all(workers.map((worker) => worker[Symbol.asyncDispose]()))
  })
  await Promise.all(workers.map((worker) => worker.started))

  const registry = new AggregatorRegistry()
  parts.use(
    await serveAdmin(
      settings.admin,
      {
        unready: () => (workers.some((worker) => worker.ready) ? undefined : 'no worker is running'),
        metrics: async () => {
          const spooled = shipper === undefined ? '' : spoolMetrics(shipper)
          const invalidated = invalidationMetrics('edge', invalidating.node)
          return `${await registry.clusterMetrics()}\n${spooled}${invalidated}${keyringMetrics(keyring.current)}`
        },
      },
      invalidating.routes,
    ),
  )
})

/**
 * Workers share the ports, so one more process on them would not be noticed: somebody else's is, here.
 *
 * @throws PortInUse
 */
async function claimPorts(settings: EdgeSettings): Promise<void> {
  const fronts = [{ port: settings.httpPort, purpose: 'edge HTTP', option: '--http-port' }]
  if (settings.tls !== undefined) {
    fronts.push({ port: settings.httpsPort, purpose: 'edge HTTPS', option: '--https-port' })
  }
  for (const { port, purpose, option } of fronts) {
    await new Promise<void>((resolve, reject) => {
      const probe = createServer()
      probe.once('error', (error: NodeJS.ErrnoException) =>
        reject(error.code === 'EADDRINUSE' ? new PortInUse(port, settings.host, purpose, option) : error),
      )
      probe.listen({ host: settings.host, port }, () => probe.close(() => resolve()))
    })
  }
}

function spoolMetrics(shipper: { waitingBytes: number; shipped: number; dropped: number }): string {
  return [
    '# HELP selvedge_edge_spool_bytes Log segments that wait for the collector.',
    '# TYPE selvedge_edge_spool_bytes gauge',
    `selvedge_edge_spool_bytes ${shipper.waitingBytes}`,
    '# HELP selvedge_edge_segments_shipped_total Log segments that the collector has acknowledged.',
    '# TYPE selvedge_edge_segments_shipped_total counter',
    `selvedge_edge_segments_shipped_total ${shipper.shipped}`,
    '# HELP selvedge_edge_segments_dropped_total Log segments dropped because the spool was full.',
    '# TYPE selvedge_edge_segments_dropped_total counter',
    `selvedge_edge_segments_dropped_total ${shipper.dropped}`,
    '',
  ].join('\n')
}
