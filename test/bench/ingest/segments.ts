import { type AccessRecord, formatRecord } from '../../../edge/log/record.ts'
import { recordBut } from '../../analytics/segment.ts'

const SITES = 40
const PATHS = 500
const AGENTS = 300
const ADDRESSES = 40_000
const TYPES = [
  'text/html',
  'text/html',
  'application/javascript',
  'image/webp',
  'text/css',
  'application/json',
]
const DESTINATIONS = ['document', 'document', 'script', 'image', 'style', 'empty']

/** Lines of made-up traffic, a segment's each: the same in every run, but for the time, which is now. */
export function* segmentsOf(records: number, each: number): Generator<string> {
  // A small congruential generator (Park and Miller's).
  let state = 20_261_126
  const below = (limit: number) => {
    state = (state * 48_271) % 2_147_483_647
    return state % limit
  }
  const unevenly = (limit: number) => Math.floor((below(limit) * below(limit)) / limit)

  for (let from = 0; from < records; from += each) {
    const nowMs = Date.now()
    const lines = Array.from({ length: Math.min(each, records - from) }, (_, at) => {
      const kind = below(TYPES.length)
      const site = unevenly(SITES)
      const address = unevenly(ADDRESSES)
      const different: Partial<AccessRecord> = {
        timeMs: nowMs - below(1_000),
        requestId: `q83vEjRWeJq8${(from + at).toString(36).padStart(8, '0')}`,
        distribution: `d${site}`,
        host: `www.site-${site}.example`,
        path: `/section-${below(9)}/page-${unevenly(PATHS)}.html`,
        bytesSent: 300 + unevenly(100_000),
        timeTakenUs: 40 + unevenly(90_000),
        timeToFirstByteUs: 30 + unevenly(9_000),
        originTimeUs: below(10) === 0 ? unevenly(90_000) : 0,
        resultType: below(10) === 0 ? 'Miss' : 'Hit',
        detailedResultType: below(10) === 0 ? 'Miss' : 'Hit',
        cacheStatus: `cdg1; hit; ttl=${below(3_600)}`,
        contentType: TYPES[kind] ?? '',
        contentLength: 200 + unevenly(100_000),
        clientIp: `10.${address >> 8}.${address & 255}.7`,
        clientPort: 1_024 + below(60_000),
        userAgent: `Mozilla/5.0 (X11; Linux x86_64; rv:${address % AGENTS}.0) Gecko/20100101 Firefox/140.0`,
        referer: below(3) === 0 ? `https://www.site-${unevenly(SITES)}.example/` : '',
        secFetchDest: DESTINATIONS[kind] ?? '',
      }
      return formatRecord(recordBut(different))
    })
    yield lines.join('')
  }
}
