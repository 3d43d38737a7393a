import { z } from 'zod'
import { type Batch, batch, type Delivered, type Destination, writeBatch } from './batch.ts'
import type { Statements } from './statements.ts'

const HOUR_SECONDS = 3_600

/** How long after its hour a record is still delivered, seconds: a week. */
const LATE_SECONDS_MAX = 604_800

/** What is delivered, and by which clock. */
export interface DeliverySettings {
  /** By id of the distribution. */
  destinations: ReadonlyMap<string, Destination>
  /** How long an insert may be under way before its rows are seen, seconds. */
  settleSeconds: number
}

/** What a run did. */
export interface DeliveryRun extends Delivered {
  /** Why some distributions' files could not be written. */
  failures: { distribution: string; error: unknown }[]
}

const startedRow = z.object({ distribution: z.string(), hour: z.number() })

/**
 * Delivers the records of every hour that is over and that no file has yet: first what was begun, then hours that
 * have got records since they were last looked at; late ones so get a file of their own.
 *
 * A batch is planned before its files are written and noted when they are. A program that is killed between makes
 * the same files again; two at once plan the same batches, and write the same files.
 *
 * @param nowMs Unix ms, by which hours are over
 */
export async function deliverLogs(
  statements: Statements,
  { destinations, settleSeconds }: DeliverySettings,
  nowMs: number,
): Promise<DeliveryRun> {
  const run: DeliveryRun = { files: 0, records: 0, bytes: 0, failures: [] }
  const hourNow = Math.floor(nowMs / 1_000 / HOUR_SECONDS) * HOUR_SECONDS
  const starts = await startsOf(statements, [...destinations.keys()], hourNow)
  const unfinished = await statements.ask('batches-unfinished', batch, {
    distributions: [...destinations.keys()],
  })

  for (const [distribution, destination] of destinations) {
    const finish = async (of: Batch) => {
      const delivered = await writeBatch(statements, of, destination)
      await note(statements, of, 'delivered', delivered)
      for (const key of ['files', 'records', 'bytes'] as const) run[key] += delivered[key]
    }
    try {
      for (const of of unfinished) if (of.distribution === distribution) await finish(of)
      const from = Math.max(starts.get(distribution) ?? hourNow, hourNow - LATE_SECONDS_MAX)
      const parameters = { distribution, from, before: hourNow, settle: settleSeconds }
      for (const due of await statements.ask('batches-due', batch, parameters)) {
        await note(statements, due, 'planned')
        const [planned] = await statements.ask('batch-planned', batch, due)
        if (planned !== undefined) await finish(planned)
      }
    } catch (error) {
      run.failures.push({ distribution, error })
    }
  }
  return run
}

/** The hours from which on distributions are delivered; of those that are new, the one under way. */
async function startsOf(
  statements: Statements,
  distributions: readonly string[],
  hourNow: number,
): Promise<Map<string, number>> {
  const rows = await statements.ask('deliveries-started', startedRow, {})
  const starts = new Map(rows.map(({ distribution, hour }) => [distribution, hour]))
  for (const distribution of distributions.filter((id) => !starts.has(id))) {
    await note(statements, { distribution, hour: hourNow, after: 0, until: 0 }, 'started')
    starts.set(distribution, hourNow)
  }
  return starts
}

async function note(
  statements: Statements,
  of: Batch,
  state: 'started' | 'planned' | 'delivered',
  { files, records, bytes }: Delivered = { files: 0, records: 0, bytes: 0 },
): Promise<void> {
  const { distribution, hour, after } = of
  // A distribution starts once, whichever hour it is by the clock of whoever notes it.
  const token = state === 'started' ? `started ${distribution}` : `${state} ${distribution} ${hour} ${after}`
  await statements.run('note-delivery', { ...of, state, files, records, bytes, token })
}
