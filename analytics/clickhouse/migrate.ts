import { readdir } from 'node:fs/promises'
import type { ClickHouseClient } from '@clickhouse/client'
import { z } from 'zod'
import { type Layout, laidOut, statementsOf } from './layout.ts'
import { sqlFile } from './sql-file.ts'

const MIGRATIONS = new URL('../migrations/', import.meta.url)

/** These make the place where the others are remembered, so they run at every start. */
const GROUND = ['0001-database.sql', '0002-migrations.sql']

/**
 * Brings ClickHouse's tables up to date.
 *
 * Each file in `migrations/` holds one statement that does no harm when it is run again: two programs
 * that start at once, or one that is killed half way, end with the same tables. What has run is
 * remembered in `selvedge.migrations`.
 *
 * @returns names of the files that were run now
 */
export async function migrate(
  client: ClickHouseClient,
  { retentionDays, layout = {} }: { retentionDays: number; layout?: Layout },
): Promise<string[]> {
  const run = async (name: string) => {
    for (const query of await statementsOf(await sqlFile(MIGRATIONS.href, name), layout)) {
      await client.command({ query })
    }
  }
  for (const name of GROUND) await run(name)
  const done = await namesDone(client)
  const files = (await readdir(MIGRATIONS)).filter((name) => name.endsWith('.sql')).sort()
  const due = files.filter((name) => !done.has(name))
  const remember = await sqlFile(import.meta.url, 'remember-migration.sql')
  for (const name of due) {
    if (!GROUND.includes(name)) await run(name)
    await client.command({ query: remember, query_params: { name } })
  }
  await keepFor(client, retentionDays, layout)
  return due
}

async function namesDone(client: ClickHouseClient): Promise<Set<string>> {
  const query = await sqlFile(import.meta.url, 'migrations-done.sql')
  const result = await client.query({ query, format: 'JSONEachRow' })
  const rows = z.array(z.object({ name: z.string() })).parse(await result.json())
  return new Set(rows.map(({ name }) => name))
}

/** For how many days a store keeps its log; `undefined` where there is none yet. */
export async function retentionOf(client: ClickHouseClient, layout: Layout): Promise<number | undefined> {
  const days = (await retentionsOf(client, layout)).map(Number).filter((number) => number > 0)
  return days.length === 0 ? undefined : Math.max(...days)
}

/** Of each table that has one; '' for one that hasn't. */
async function retentionsOf(client: ClickHouseClient, layout: Layout): Promise<string[]> {
  const query = laidOut(await sqlFile(import.meta.url, 'retention-now.sql'), layout)
  const result = await client.query({ query, format: 'JSONEachRow' })
  const now = z.array(z.object({ days: z.string() })).parse(await result.json())
  return now.map((table) => table.days)
}

/** The retention is a setting and may change; ClickHouse rewrites what it knows of each part when it does. */
async function keepFor(client: ClickHouseClient, days: number, layout: Layout): Promise<void> {
  const now = await retentionsOf(client, layout)
  if (now.every((table) => table === String(days))) return
  for (const name of [
    'set-retention.sql',
    'set-hours-retention.sql',
    'set-site-host-retention.sql',
    'set-site-detail-retention.sql',
    'set-distribution-hours-retention.sql',
  ]) {
    const change = laidOut(await sqlFile(import.meta.url, name), layout)
    await client.command({ query: change, query_params: { days } })
  }
}
