import fastify from 'fastify'
import { serializerCompiler, validatorCompiler } from 'fastify-type-provider-zod'
import { expect, test } from 'vitest'
import { addCard } from '../../analytics/api/card.ts'
import type { Figures } from '../../analytics/queries/figures.ts'

test('more cards at once than are kept are all drawn', async () => {
  // Two hundred are kept; all are under way before the first is done.
  const many = 250
  let begun = 0
  const { promise: allBegun, resolve } = Promise.withResolvers<void>()
  const app = fastify()
  app.setValidatorCompiler(validatorCompiler)
  app.setSerializerCompiler(serializerCompiler)
  addCard(app, {
    figures: {
      site: async (site: string) => ({ site, places: [], traffic: [] }),
    } as unknown as Figures,
    frontDoorOf: async (site) => ({ url: `http://${site}/` }) as never,
    thumbnailer: {
      picture: async () => ({ status: 200, headers: {}, body: Buffer.from('picture') }),
      async draw() {
        begun += 1
        if (begun === many) resolve()
        await allBegun
        return { status: 200, headers: {}, body: Buffer.from('card') }
      },
    } as never,
  })

  const answers = await Promise.all(
    Array.from({ length: many }, (_, at) => app.inject(`/v1/sites/s${at}.example/card`)),
  )
  await app.close()

  expect(new Set(answers.map(({ statusCode, body }) => `${statusCode} ${body}`))).toEqual(
    new Set(['200 card']),
  )
})
