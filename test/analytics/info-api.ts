import { pino } from 'pino'
import { serveInfoApi } from '../../analytics/api/serve.ts'
import { formulaOf, rankingSettings } from '../../analytics/ranking/formula.ts'
import type { AccessLog } from './access-log.ts'

type Serving = Parameters<typeof serveInfoApi>[0]

/** Shared by the API and the thumbnailer of a test. */
export const KEY = 'a key that only a test would choose'

/** Who has a page view has a rank: most tests are about a handful of people. */
export const FORMULA = formulaOf(rankingSettings.parse({ networksMin: 1 }), new Map())

/** The instant at which a test takes place: a Saturday at noon. */
export const NOON = Date.UTC(2026, 6, 25, 12)

/** An info API on a port of its own. */
export interface InfoApi extends AsyncDisposable {
  url: string
  get(path: string, init?: RequestInit): Promise<Response>
  /** The answer's JSON. */
  ask(path: string): Promise<unknown>
}

/** The info API on a log, at noon of 25 July 2026 unless the test says otherwise. */
export async function infoApiOn(
  log: Pick<AccessLog, 'query'> & Partial<Pick<AccessLog, 'background'>>,
  more: Partial<Serving> = {},
): Promise<InfoApi> {
  const listening = await serveInfoApi({
    at: { host: '127.0.0.1', port: 0 },
    query: log.query,
    ...(log.background !== undefined && { background: log.background }),
    key: KEY,
    thumbnailerUrl: 'http://127.0.0.1:9',
    includeToday: true,
    formula: FORMULA,
    log: pino({ level: 'silent' }),
    now: () => NOON,
    ...more,
  })
  const url = `http://127.0.0.1:${listening.port}`
  const get = (path: string, init?: RequestInit) => fetch(url + path, init)
  return {
    url,
    get,
    ask: async (path) => (await get(path)).json(),
    [Symbol.asyncDispose]: () => listening[Symbol.asyncDispose](),
  }
}
