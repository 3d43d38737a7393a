import { createHash } from 'node:crypto'
import { z } from 'zod'
import { DAY_MS, type Day, dayOf, spanEnding } from '../queries/window.ts'
import {
  csvOf,
  LIST_DAYS,
  LIST_SITES_MAX,
  type ListConfiguration,
  type ListEntry,
  listEntry,
  listIdOf,
} from '../ranking/list.ts'
import { stabilityOf } from '../ranking/stability.ts'
import type { Upkeep } from './upkeep.ts'

const dailyRanking = z.object({ day: z.string(), computation: z.string() })
const earlierList = z.object({ day: z.string(), inputs: z.array(z.string()) })

/**
 * Makes the stable list that ends with a day, unless there is one or the day has no ranking. Late records
 * change no list, only those of later days.
 *
 * @returns ids of the lists that were made
 */
export async function makeList(upkeep: Upkeep, day: Day): Promise<string[]> {
  const daysBefore = (days: number) => dayOf(Date.parse(day) - days * DAY_MS)
  const span = spanEnding(Date.parse(day), LIST_DAYS)
  const rankings = await upkeep.ask('list-inputs', dailyRanking, { ...span })
  const lists = await upkeep.ask('lists-of', earlierList, { days: [day, daysBefore(1), daysBefore(7)] })
  if (rankings.at(-1)?.day !== day || lists.some((list) => list.day === day)) return []

  const inputs = rankings.map(({ computation }) => computation)
  const entries = await entriesOf(upkeep, day, inputs)
  const differenceFrom = async (earlier: Day) => {
    const list = lists.find((one) => one.day === earlier)
    if (list === undefined) return null
    return stabilityOf(sitesOf(entries), sitesOf(await entriesOf(upkeep, list.day, list.inputs)))
  }
  const stability = { day: await differenceFrom(daysBefore(1)), week: await differenceFrom(daysBefore(7)) }
  const configuration: ListConfiguration = {
    day,
    days: LIST_DAYS,
    method: 'dowdall',
    sitesMax: LIST_SITES_MAX,
    inputs,
  }
  const id = listIdOf(configuration)
  await upkeep.run('publish-list', {
    id,
    day,
    configuration: JSON.stringify(configuration),
    inputs,
    sites: entries.length,
    sha256: createHash('sha256').update(csvOf(entries)).digest('hex'),
    stability: JSON.stringify(stability),
  })
  return [id]
}

function entriesOf(upkeep: Upkeep, day: Day, inputs: readonly string[]): Promise<ListEntry[]> {
  const span = spanEnding(Date.parse(day), LIST_DAYS)
  return upkeep.ask('list-entries', listEntry, { ...span, inputs, limit: LIST_SITES_MAX })
}

function sitesOf(entries: readonly ListEntry[]): string[] {
  return entries.map(({ site }) => site)
}
