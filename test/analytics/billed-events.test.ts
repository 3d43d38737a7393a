import { describe, expect, test, vi } from 'vitest'
import { accessSettings } from '../../analytics/api/access.ts'
import { createEventRowOf, parseEvent } from '../../analytics/collect/event-line.ts'
import { type BilledEvent, formatEvent } from '../../edge/log/billed-event.ts'
import { freePort } from '../free-port.ts'
import { directory, startAnalytics } from './analytics.ts'
import { linesOf, NOON_MS, recordBut } from './segment.ts'

vi.setConfig({ testTimeout: 60_000 })

/** Three paths of `docs` are invalidated; each test says what is different. */
function eventBut(difference: Partial<BilledEvent> = {}): BilledEvent {
  return {
    ...{ kind: 'invalidation', id: 'I1', timeMs: NOON_MS, node: 'cdg1' },
    ...{ distribution: 'docs', host: '', quantity: 3 },
    ...difference,
  } as BilledEvent
}

const BOUNDS = { earliestMs: NOON_MS - 86_400_000, latestMs: NOON_MS + 86_400_000 }

describe('what is billed beside responses', () => {
  test('counts once, by its id, however many edges tell of it and however often, and never as a request', async () => {
    await using data = await directory()
    const port = await freePort()
    const access = accessSettings.parse({ anonymous: ['usage:read'] })
    await using analytics = await startAnalytics({
      data: data.path,
      api: { host: '127.0.0.1', port },
      access,
    })
    const segment = [eventBut(), eventBut({ id: 'I2', quantity: 1_000 })].map(formatEvent).join('')
    const render = eventBut({
      kind: 'render',
      id: 'r-1',
      distribution: '',
      host: 'www.example.com',
      quantity: 1,
    })
    const nobodys = eventBut({ kind: 'render', id: 'r-2', distribution: '', host: 'x.test', quantity: 1 })

    for (const _time of [1, 2]) await analytics.send(linesOf(recordBut()) + segment, { token: 'cdg1/a/0' })
    await analytics.send(segment.replaceAll('cdg1', 'iad1'), { token: 'iad1/a/0' })
    await analytics.send(segment, { token: 'cdg1/after-a-restart/0' })
    for (const _time of [1, 2]) {
      await analytics.send(formatEvent(render) + formatEvent(nobodys), { token: 'thumbs/a/0' })
    }
    await analytics.send(formatEvent(eventBut({ timeMs: NOON_MS - 30 * 86_400_000, id: 'I0' })), {
      token: 'cdg1/a/1',
    })

    const told = async (month: string) =>
      (await fetch(`http://127.0.0.1:${port}/v1/usage/${month}`)).json() as Promise<{
        used: Record<string, number>
        distributions: { distribution: string | null; used: Record<string, number> }[]
      }>
    const july = await told('2026-07')
    expect(july.used).toMatchObject({ httpsRequests: 1, invalidationPaths: 1_003, renders: 2 })
    expect(july.distributions).toMatchObject([
      { distribution: null, used: { renders: 1, invalidationPaths: 0 } },
      { distribution: 'docs', used: { renders: 1, invalidationPaths: 1_003, httpsRequests: 1 } },
    ])
    expect((await told('2026-06')).used).toMatchObject({ invalidationPaths: 3, httpsRequests: 0 })
  })

  test.each([
    ['kind', { kind: 'gift' as 'render' }],
    ['id', { id: "'; DROP TABLE x --" }],
    ['id', { id: '' }],
    ['timeMs', { timeMs: 12 }],
    ['timeMs', { timeMs: NOON_MS + 2 * 86_400_000 }],
    ['timeMs', { timeMs: NOON_MS - 2 * 86_400_000 }],
    ['node', { node: 'n'.repeat(129) }],
    ['distribution', { distribution: 'd'.repeat(129) }],
    ['host', { host: 'h'.repeat(254) }],
    ['quantity', { quantity: 0 }],
    ['quantity', { quantity: -1 }],
    ['quantity', { quantity: 1.5 }],
    ['quantity', { quantity: 1_000_001 }],
  ])('is refused where its %s can not be: %j', (column, difference) => {
    const line = formatEvent(eventBut(difference)).trimEnd()

    expect(parseEvent(line, BOUNDS)).toEqual({ reason: expect.stringMatching(`^event: ${column}: `) })
  })

  test('is read with values that are not known yet, and not with fewer', () => {
    const line = formatEvent(eventBut()).trimEnd()

    expect(parseEvent(`${line}\tnew`, BOUNDS)).toHaveProperty('event.id', 'I1')
    expect(parseEvent(line.slice(0, line.lastIndexOf('\t')), BOUNDS)).toHaveProperty('reason')
  })

  test('belongs to the distribution that answers to its host', () => {
    const rowOf = createEventRowOf([
      { id: 'all', aliases: ['*'] },
      { id: 'docs', aliases: ['*.example.com'] },
    ])
    const row = (host: string) => {
      const parsed = parseEvent(formatEvent(eventBut({ distribution: '', host })).trimEnd(), BOUNDS)
      return 'event' in parsed ? rowOf(parsed.event).split('\t')[4] : parsed.reason
    }

    expect(['WWW.example.com', 'example.com', 'x.test'].map(row)).toEqual(['docs', 'all', 'all'])
  })
})
