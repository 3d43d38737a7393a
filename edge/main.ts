/**
 * The edge's first process: answers no viewer itself. It keeps the workers running, ships what they
 * logged to the collector, and sums their metrics for the operator.
 */
import { AggregatorRegistry } from 'prom-client'
import { openDiskStore } from './cache/disk/disk-store.ts'
import { holdInvalidations } from './cache/invalidation/held-invalidations.ts'
import { type Fleet, startFleet } from './fleet.ts'
import { assembleInvalidation } from './invalidation/assemble.ts'
import { billedAs } from './invalidation/billed.ts'
import { invalidationMetrics } from './invalidation/metrics.ts'
import { gatherWorkers } from './invalidation/workers.ts'
import { handOut } from './listen/tls/hand-out.ts'
import { keyringMetrics, openKeyring } from './listen/tls/keyring.ts'
import { namedCertificates } from './listen/tls/named-certificates.ts'
import { startShipper } from './log/shipper.ts'
import { openSpool } from './log/spool.ts'
import { serveAdmin } from './program/admin.ts'
import { machineLoad } from './program/machine-load.ts'
import { runProgram, type Starting } from './program/run.ts'
import { changedFields } from './program/settings.ts'
import { type EdgeSettings, edgeSettings, edgeStopMsMax } from './settings.ts'

await runProgram({ name: 'edge', schema: edgeSettings, start, stopMsMax: edgeStopMsMax })

async function start({ settings, log, parts }: Starting<EdgeSettings>, stop: AbortSignal) {
  const keyring = parts.use(await openKeyring(namedCertificates(settings), log))
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
  // Opened after the shipper, which takes over what an earlier life has left open.
  const billed = parts.use(openSpool(spool.directory, log))
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
      onApplied(invalidation) {
        const event = billedAs(invalidation, node, Date.now())
        if (event !== undefined) billed.appendEvent(event)
      },
    }),
  )

  let fleet: Fleet | undefined
  const registry = new AggregatorRegistry()
  // Open before the workers and closed after them, so that it can tell that they stop.
  parts.use(
    await serveAdmin(
      settings.admin,
      {
        unready: () => {
          if (stop.aborted) return 'stopping'
          return fleet?.ready ? undefined : 'no worker is running'
        },
        load: machineLoad(),
        metrics: async () => {
          const spooled = shipper === undefined ? '' : spoolMetrics(shipper)
          const invalidated = invalidationMetrics('edge', invalidating.node)
          return `${await registry.clusterMetrics()}\n${spooled}${invalidated}${keyringMetrics(keyring.current)}`
        },
      },
      invalidating.routes,
    ),
  )
  const handOutTo = handOut(keyring)
  const running = await startFleet(settings, log, {
    started(worker) {
      joined.join(worker)
      handOutTo(worker)
    },
    ended: (pid) =>
      void shipper
        ?.adopt(pid)
        .catch((error: unknown) => log.error({ pid, error: String(error) }, 'orphaned log segments')),
  })
  fleet = parts.use(running)

  return {
    async reload(next: EdgeSettings) {
      // What this process itself works with.
      const { admin, invalidation, disk: diskSettings } = settings
      const kept = { node, key, collector, spool, admin, invalidation, disk: diskSettings }
      const ignored = changedFields(next, kept)
      if (ignored.length > 0) log.warn(`${ignored.join(', ')}: taken over at the next start of the edge only`)
      const certificates = namedCertificates(next)
      await keyring.add(certificates)
      await running.renew({ ...next, ...kept })
      keyring.keepOnly(certificates)
      invalidating.knows(next.distributions)
    },
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
