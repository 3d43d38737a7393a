import type { FastifyInstance } from 'fastify'
import type { ZodTypeProvider } from 'fastify-type-provider-zod'
import { monthParams, refuseOutside } from '../api/usage.ts'
import type { Usage } from '../usage/usage.ts'
import { askForKey } from './ask-for-key.ts'
import { send } from './html-reply.ts'
import { usageMonthsPage, usagePage } from './usage-page.ts'

/** Months that are listed. */
const MONTHS_SHOWN = 24

/** Usage and statements, for people. They are not for everybody: `app` says who may read them. */
export function addUsagePages(app: FastifyInstance, usage: Usage): void {
  const pages = app.withTypeProvider<ZodTypeProvider>()
  askForKey(app)

  pages.get('/usage', { schema: { hide: true } }, async (_request, reply) => {
    const months = await usage.months(MONTHS_SHOWN)
    const told = await Promise.all(
      months.map(async (one) => ({ ...one, statement: await usage.statement(one.month) })),
    )
    return send(reply, usageMonthsPage(told))
  })

  pages.get('/usage/:month', { schema: { hide: true, params: monthParams } }, async (request, reply) => {
    const { month } = request.params
    refuseOutside(usage, month)
    const [told, days] = await Promise.all([usage.statement(month), usage.days(month)])
    return send(reply, usagePage({ told, days }))
  })
}
