import { z } from 'zod'
import { csvOf, LIST_DAYS, LIST_SITES_MAX, type ListEntry, listEntry } from '../ranking/list.ts'
import type { Ask } from './ask.ts'
import { type Day, spanEnding } from './window.ts'

const difference = z.object({
  changed: z.object({ top100: z.number(), top1000: z.number() }),
  overlap: z.number(),
})

/** JSON in a column of text. */
const json = <Value extends z.ZodType>(value: Value) =>
  z
    .string()
    .transform((text) => JSON.parse(text) as unknown)
    .pipe(value)

const listRow = z.object({
  list: z.string(),
  day: z.string(),
  configuration: json(z.record(z.string(), z.unknown())),
  inputs: z.array(z.string()),
  sites: z.int(),
  digest: z.string(),
  stability: json(z.object({ day: difference.nullable(), week: difference.nullable() })),
})

/** A stable list, without its sites; defined in ../ranking/list-entries.sql. */
export type StableList = z.infer<typeof listRow>

/** The last lists, newest first. @param offset how many of the newest to leave out */
export function listsOf(ask: Ask, limit: number, offset = 0): Promise<StableList[]> {
  return ask('lists', listRow, { id: '', limit, offset })
}

/** A list by its id; `undefined` when none has it. */
export async function listOf(ask: Ask, id: string): Promise<StableList | undefined> {
  const [only] = await ask('lists', listRow, { id, limit: 1, offset: 0 })
  return only
}

/** Its first `limit` sites; sites that share a rank by name. */
export function entriesOfList(
  ask: Ask,
  { day, inputs }: { day: Day; inputs: string[] },
  limit: number,
): Promise<ListEntry[]> {
  return ask('list-entries', listEntry, { ...spanEnding(Date.parse(day), LIST_DAYS), inputs, limit })
}

/** Its lines, `rank,domain`: the same bytes whenever they are asked for. */
export async function csvOfList(ask: Ask, list: { day: Day; inputs: string[] }): Promise<string> {
  return csvOf(await entriesOfList(ask, list, LIST_SITES_MAX))
}
