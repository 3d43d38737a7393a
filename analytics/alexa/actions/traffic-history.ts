import { DAY_MS, dayOf } from '../../queries/window.ts'
import type { Catalogue } from '../catalogue.ts'
import { AlexaFailure } from '../failure.ts'
import { type Call, required, responseGroups, wholeNumber } from '../request.ts'
import type { Elements } from '../xml.ts'

const DAYS_MAX = 31

/** `Action=TrafficHistory`: a site's rank day by day, days without one left out. @throws AlexaFailure @throws QueryFailed */
export async function trafficHistory(call: Call, catalogue: Catalogue): Promise<Elements> {
  responseGroups(call, { History: ['History'] })
  const site = await catalogue.siteAt(required(call, 'Url'))
  const days = wholeNumber(call, 'Range', { least: 1, most: DAYS_MAX, unless: DAYS_MAX })
  const startMs = startOf(call) ?? catalogue.nowMs - days * DAY_MS
  const history = await catalogue.history(site, { startMs, days })
  const data = history.map((day) => ({
    Date: day.date,
    PageViews: { PerMillion: day.pageViewsPerMillion, PerUser: day.pageViewsPerVisitor },
    Rank: day.rank,
    Reach: { PerMillion: day.reachPerMillion },
  }))
  return {
    TrafficHistory: {
      Range: days,
      Site: site,
      Start: dayOf(startMs),
      HistoricalData: data.length === 0 ? '' : { Data: data },
    },
  }
}

/** Unix ms, or `undefined` when no start was given. */
function startOf({ asked }: Call): number | undefined {
  const given = asked.get('Start')
  if (given === undefined || given === '') return undefined
  const [, year, month, day] = /^(\d{4})(\d\d)(\d\d)$/.exec(given) ?? []
  const startMs = Date.parse(`${year}-${month}-${day}T00:00:00Z`)
  // JavaScript takes 31 February for 3 March.
  if (!Number.isNaN(startMs) && dayOf(startMs) === `${year}-${month}-${day}`) return startMs
  throw new AlexaFailure('InvalidParameterValue', 'Start has to be a day as 20260725.')
}
