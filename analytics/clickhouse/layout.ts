import { readFile } from 'node:fs/promises'

/** Where ClickHouse's tables are: on one server (or in the embedded engine), or spread over a cluster. */
export interface Layout {
  /** Its name in the servers' `remote_servers`; they need the macros `{shard}` and `{replica}`. */
  cluster?: string | undefined
}

/**
 * How long a cluster remembers what was inserted, seconds: an edge that was cut off longer than that, and
 * whose last segment had arrived unacknowledged, would be counted twice. One server goes by number alone.
 */
const REMEMBER_SECONDS = 604_800

/** Says by what a table's rows are spread over the shards of a cluster. */
const SHARDED_BY = /^-- Sharded by (.+)\.$/m

const TABLE = /^CREATE TABLE IF NOT EXISTS selvedge\.(\w+)/m

const DISTRIBUTED_TABLE = new URL('distributed-table.sql', import.meta.url)

/**
 * A statement of a `.sql` file as this layout needs it. What differs stands in the file in double braces:
 *
 *   - `{{local}}` behind a table's name: the part of it that one server holds. Other statements name the
 *     table without it, which on a cluster is all its parts together;
 *   - `{{on_cluster}}`: do it on every server;
 *   - `{{replicated}}` before the engine;
 *   - `{{remembered_inserts}}`: the setting for how many inserts back a repeated one is noticed.
 */
export function laidOut(sql: string, { cluster }: Layout): string {
  const values: Record<string, string> =
    cluster === undefined
      ? {
          local: '',
          on_cluster: '',
          replicated: '',
          remembered_inserts: 'non_replicated_deduplication_window',
        }
      : {
          local: '_local',
          on_cluster: ` ON CLUSTER '${cluster}'`,
          replicated: 'Replicated',
          remembered_inserts:
            `replicated_deduplication_window_seconds = ${REMEMBER_SECONDS},\n` +
            '    replicated_deduplication_window',
        }
  return sql.replace(/\{\{(\w+)\}\}/g, (_token, name: string) => {
    const value = values[name]
    if (value === undefined) throw new Error(`{{${name}}} means nothing in a .sql file`)
    return value
  })
}

/**
 * The statements of a migration: itself and, on a cluster, for a table also the one by which all servers
 * see all of it.
 */
export async function statementsOf(migration: string, layout: Layout): Promise<string[]> {
  const own = laidOut(migration, layout)
  const table = TABLE.exec(migration)?.[1]
  if (layout.cluster === undefined || table === undefined) return [own]
  const key = SHARDED_BY.exec(migration)?.[1]
  if (key === undefined) throw new Error(`the migration of ${table} does not say by what it is sharded`)
  const values: Record<string, string> = { table, key, cluster: layout.cluster }
  const sql = await readFile(DISTRIBUTED_TABLE, 'utf8')
  return [own, sql.replace(/\{\{(table|key|cluster)\}\}/g, (_token, name: string) => values[name] ?? '')]
}
