import { randomBytes } from 'node:crypto'
import type { ClickHouseClient } from '@clickhouse/client'
import type { Logger } from 'pino'
import { z } from 'zod'
import { messageOf } from '../clickhouse/failure.ts'
import { type Layout, laidOut } from '../clickhouse/layout.ts'
import { sqlFile } from '../clickhouse/sql-file.ts'

const DAY_MS = 86_400_000

/** How often it is looked whether a day is over, ms. */
const LOOK_MS = 600_000

const SALT_BYTES = 32

/** The secrets of the days' visitor ids. Disposing forgets those in memory. */
export interface Salts extends Disposable {
  /**
   * A day's salt, in hexadecimal. It stays the same over restarts, and all collectors of one ClickHouse
   * have the same, so that nobody is counted twice.
   *
   * @param day UTC, as `2026-11-24`
   */
  of(day: string): Promise<string>
}

/**
 * Keeps the salts of today and yesterday (for segments that come late), in ClickHouse and in memory.
 * When a day has been over for a day its salt is deleted, and with it the way from a visitor back to
 * an address. A segment that comes even later gets a new salt for its day: its visitors count anew.
 *
 * @param now Unix ms
 */
export function keepSalts(
  client: ClickHouseClient,
  { now, log, layout }: { now(): number; log: Logger; layout: Layout },
): Salts {
  const known = new Map<string, Promise<string>>()
  let forgottenOn: string | undefined

  async function findOrMake(day: string): Promise<string> {
    const found = await find(day)
    if (found !== undefined) return found
    const today = dayOf(now())
    await client.command({
      query: await sqlFile(import.meta.url, 'make-salt.sql'),
      query_params: { day, today, token: `${day} ${today}`, salt: randomBytes(SALT_BYTES).toString('hex') },
    })
    const made = await find(day)
    if (made === undefined) throw new Error(`the salt of ${day} was made and is not there`)
    return made
  }

  async function find(day: string): Promise<string | undefined> {
    const query = await sqlFile(import.meta.url, 'salt-of-day.sql')
    const result = await client.query({ query, query_params: { day }, format: 'JSONEachRow' })
    const [row] = z.array(z.object({ salt: z.string().length(SALT_BYTES * 2) })).parse(await result.json())
    return row?.salt
  }

  /** Once a day, and again at the next look when it failed. */
  async function forgetOld(): Promise<void> {
    const today = dayOf(now())
    if (forgottenOn === today) return
    forgottenOn = today
    known.clear()
    try {
      await client.command({
        query: laidOut(await sqlFile(import.meta.url, 'forget-salts.sql'), layout),
        query_params: { before: dayOf(now() - DAY_MS) },
      })
    } catch (error) {
      forgottenOn = undefined
      log.warn({ failure: messageOf(error) }, 'old salts could not be deleted; it is tried again')
    }
  }

  const timer = setInterval(forgetOld, LOOK_MS).unref()

  return {
    async of(day) {
      await forgetOld()
      const salt = known.get(day) ?? findOrMake(day)
      known.set(day, salt)
      salt.catch(() => known.delete(day))
      return salt
    },
    [Symbol.dispose]() {
      clearInterval(timer)
      known.clear()
    },
  }
}

/** The day of a time, UTC. @param timeMs Unix ms */
export function dayOf(timeMs: number): string {
  return new Date(timeMs).toISOString().slice(0, 10)
}
