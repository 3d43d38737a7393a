import { pino } from 'pino'
import { describe, expect, test } from 'vitest'
import { z } from 'zod'
import { createInfoApi } from '../../analytics/api/info-api.ts'
import { openAccessLog, viewsBy } from './access-log.ts'
import { FORMULA, infoApiOn, KEY } from './info-api.ts'

const media = z.looseObject({ schema: z.looseObject({}) })
const response = z.looseObject({
  description: z.string().min(4),
  content: z.record(z.string(), media).optional(),
})
const parameter = z.looseObject({
  name: z.string(),
  in: z.enum(['query', 'path']),
  required: z.boolean(),
  description: z.string().min(10),
  schema: z.looseObject({ type: z.string() }),
})
const operation = z.looseObject({
  operationId: z.string(),
  summary: z.string(),
  tags: z.array(z.string()).length(1),
  parameters: z.array(parameter).optional(),
  responses: z.record(z.string().regex(/^\d{3}$/), response),
})
const openApi = z.looseObject({
  openapi: z.literal('3.1.0'),
  info: z.looseObject({ title: z.string(), version: z.string(), description: z.string() }),
  servers: z.tuple([z.looseObject({ url: z.literal('/') })]),
  components: z.looseObject({ schemas: z.record(z.string(), z.looseObject({})) }),
  paths: z.record(z.string(), z.strictObject({ get: operation.optional(), post: operation.optional() })),
})

describe('GET /openapi.json', () => {
  test('describes every route that is not a page, with parameters, answers and problems', async () => {
    await using log = await openAccessLog()
    await using api = await infoApiOn(log)

    const document = openApi.parse(await api.ask('/openapi.json'))

    const described = Object.entries(document.paths).map(([path, { get, post }]) => [
      path,
      ((get ?? post)?.parameters ?? []).map(({ name }) => name).sort(),
      Object.keys((get ?? post)?.responses ?? {}),
    ])
    expect(described).toEqual([
      ['/v1/rankings', ['country', 'cursor', 'limit', 'window'], ['200', '400', '401', '403', '429', '503']],
      [
        '/v1/rankings/{day}',
        ['category', 'country', 'cursor', 'day', 'limit', 'window'],
        ['200', '400', '401', '403', '429', '503'],
      ],
      ['/v1/sites/{site}/history', ['days', 'site', 'window'], ['200', '400', '401', '403', '429', '503']],
      [
        '/v1/rankings/{day}/export',
        ['category', 'country', 'day', 'format', 'limit', 'window'],
        ['200', '304', '400', '401', '403', '429', '503'],
      ],
      ['/v1/lists', ['cursor', 'limit'], ['200', '400', '401', '403', '429', '503']],
      ['/v1/lists/{id}', ['id'], ['200', '400', '401', '403', '404', '429', '503']],
      ['/v1/lists/{id}/top.csv', ['id'], ['200', '400', '401', '403', '404', '429', '503']],
      ['/v1/lists/{id}/top.csv.zip', ['id'], ['200', '400', '401', '403', '404', '429', '503']],
      ['/v1/sites/{site}', ['site'], ['200', '400', '401', '403', '404', '429', '503']],
      ['/v1/sites/{site}/traffic', ['days', 'site'], ['200', '400', '401', '403', '429', '503']],
      ['/v1/sites/{site}/visits', ['days', 'site'], ['200', '400', '401', '403', '429', '503']],
      ['/v1/sites/{site}/hosts', ['site', 'window'], ['200', '400', '401', '403', '429', '503']],
      ['/v1/sites/{site}/crawlers', ['site', 'window'], ['200', '400', '401', '403', '429', '503']],
      [
        '/v1/sites/{site}/pages',
        ['cursor', 'limit', 'site', 'window'],
        ['200', '400', '401', '403', '429', '503'],
      ],
      ['/v1/sites/{site}/referrers', ['limit', 'site', 'window'], ['200', '400', '401', '403', '429', '503']],
      ['/v1/sites/{site}/links', ['limit', 'site'], ['200', '400', '401', '403', '429', '503']],
      ['/v1/sites/{site}/devices', ['site', 'window'], ['200', '400', '401', '403', '429', '503']],
      ['/v1/sites/{site}/speed', ['site', 'window'], ['200', '400', '401', '403', '429', '503']],
      ['/v1/search', ['limit', 'q'], ['200', '400', '401', '403', '429', '503']],
      ['/v1/compare', ['days', 'sites'], ['200', '400', '401', '403', '429', '503']],
      ['/v1/live', ['site'], ['200', '400', '401', '403', '429', '503']],
      [
        '/v1/sites/{site}/thumbnail',
        ['format', 'scale', 'scheme', 'site', 'size', 'version', 'wait'],
        ['200', '202', '304', '400', '401', '403', '404', '422', '429', '502', '503', '504'],
      ],
      [
        '/v1/sites/{site}/thumbnail/history',
        ['scheme', 'site'],
        ['200', '400', '401', '403', '404', '422', '429', '502', '503', '504'],
      ],
      [
        '/v1/sites/{site}/thumbnail/refresh',
        ['scheme', 'site'],
        ['202', '400', '401', '403', '404', '422', '429', '502', '503', '504'],
      ],
      [
        '/v1/sites/{site}/card',
        ['site'],
        ['200', '304', '400', '401', '403', '404', '422', '429', '502', '503', '504'],
      ],
      ['/v1/distributions', ['days'], ['200', '400', '401', '403', '429', '503']],
      [
        '/v1/distributions/{id}/reports/popular-objects',
        ['from', 'id', 'limit', 'to'],
        ['200', '400', '401', '403', '404', '429', '503'],
      ],
      [
        '/v1/distributions/{id}/reports/top-referrers',
        ['from', 'id', 'limit', 'to'],
        ['200', '400', '401', '403', '404', '429', '503'],
      ],
      [
        '/v1/distributions/{id}/reports/viewers',
        ['from', 'id', 'to'],
        ['200', '400', '401', '403', '404', '429', '503'],
      ],
      [
        '/v1/distributions/{id}/reports/cache-statistics',
        ['from', 'granularity', 'id', 'to'],
        ['200', '400', '401', '403', '404', '429', '503'],
      ],
      [
        '/v1/distributions/{id}/reports/usage',
        ['from', 'granularity', 'id', 'to'],
        ['200', '400', '401', '403', '404', '429', '503'],
      ],
      [
        '/v1/distributions/{id}/metrics',
        ['from', 'granularity', 'id', 'to'],
        ['200', '400', '401', '403', '404', '429', '503'],
      ],
      ['/v1/usage/{month}', ['format', 'month'], ['200', '304', '400', '401', '403', '429', '503']],
      [
        '/v1/usage/{month}/hours',
        ['day', 'distribution', 'format', 'month'],
        ['200', '304', '400', '401', '403', '404', '429', '503'],
      ],
      ['/openapi.json', [], ['200']],
      ['/healthz', [], ['200']],
    ])
  })

  test('refers to nothing that it does not hold, and has no operation twice', async () => {
    await using log = await openAccessLog()
    await using api = await infoApiOn(log)

    const text = await (await api.get('/openapi.json')).text()

    const document = openApi.parse(JSON.parse(text))
    const referred = new Set([...text.matchAll(/"#\/components\/schemas\/(\w+)"/g)].map(([, name]) => name))
    expect([...referred].sort()).toEqual(Object.keys(document.components.schemas).sort())
    const ids = Object.values(document.paths).map(({ get, post }) => (get ?? post)?.operationId)
    expect(new Set(ids).size).toBe(ids.length)
  })

  test('can be had without a port', async () => {
    await using log = await openAccessLog()
    const app = await createInfoApi({
      query: log.query,
      key: KEY,
      thumbnailerUrl: 'http://127.0.0.1:9',
      includeToday: true,
      formula: FORMULA,
      log: pino({ level: 'silent' }),
    })

    const document = app.swagger()
    await app.close()

    expect(openApi.safeParse(document).error).toBeUndefined()
  })

  test('its schemas hold for what is answered', async () => {
    await using log = await openAccessLog()
    await using api = await infoApiOn(log)
    await log.insert(viewsBy(3))
    const { paths, components } = openApi.parse(await api.ask('/openapi.json'))

    const answers = await Promise.all(
      ['/v1/rankings', '/v1/sites/{site}', '/v1/sites/{site}/traffic', '/v1/sites/{site}/visits'].map(
        async (path) => {
          const answer = await api.ask(path.replace('{site}', 'a.example'))
          const schema = paths[path]?.get?.responses['200']?.content?.['application/json']?.schema
          return fromJsonSchema({ ...schema, components }).safeParse(answer).error
        },
      ),
    )

    expect(answers).toEqual([undefined, undefined, undefined, undefined])
  })
})

test('GET /healthz says that the API is alive, to nobody’s cache', async () => {
  await using log = await openAccessLog()
  await using api = await infoApiOn(log)

  const health = await api.get('/healthz')

  expect([health.status, await health.text()]).toEqual([200, 'ok\n'])
  expect(health.headers.get('cache-control')).toBe('no-store')
})

/** zod reads JSON Schema with definitions under `$defs` only. */
function fromJsonSchema(schema: Record<string, unknown>): z.ZodType {
  const { components, ...root } = JSON.parse(
    JSON.stringify(schema).replaceAll('#/components/schemas/', '#/$defs/'),
  )
  return z.fromJSONSchema({ ...root, $defs: components.schemas })
}
