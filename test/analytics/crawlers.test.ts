import { isbot } from 'isbot'
import { expect, test } from 'vitest'
import { KNOWN_CRAWLERS } from '../../analytics/queries/known-crawlers.ts'
import { openAccessLog, viewBut } from './access-log.ts'
import { infoApiOn } from './info-api.ts'

const GOOGLEBOT = 'Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)'

test('a crawler is who comes from its owner’s network; others only say so', async () => {
  await using log = await openAccessLog()
  await using api = await infoApiOn(log)
  const crawl = { is_bot: true, is_page_view: false, bytes_sent: 1_000, user_agent: GOOGLEBOT }
  await log.insert([
    viewBut({ ...crawl, asn: 15_169 }),
    viewBut({ ...crawl, asn: 15_169, user_agent: GOOGLEBOT.toLowerCase() }),
    viewBut({ ...crawl, asn: 24_940 }),
    viewBut({ ...crawl, asn: 0 }),
    viewBut({ ...crawl, asn: 15_169, user_agent: 'bingbot/2.0' }),
    viewBut({ ...crawl, asn: 15_169, user_agent: "curl/8'; DROP TABLE selvedge.access_log; --" }),
    viewBut({ ...crawl, asn: 15_169, site: 'b.example' }),
    viewBut({ ...crawl, asn: 15_169, time: '2026-06-01 12:00:00' }),
    viewBut({ asn: 15_169 }),
  ])

  const answer = await api.ask('/v1/sites/a.example/crawlers')

  expect(answer).toEqual({
    site: 'a.example',
    window: '28d',
    from: '2026-06-28',
    to: '2026-07-25',
    items: [
      { crawler: 'Googlebot', requests: 4, bytes: 4_000, verified: 2 },
      { crawler: 'bingbot', requests: 1, bytes: 1_000, verified: 0 },
    ],
  })
})

test.each(KNOWN_CRAWLERS)('$token is known as a program by its name', ({ token }) => {
  expect(isbot(`Mozilla/5.0 (compatible; ${token}/1.0)`)).toBe(true)
})
