import type { IncomingMessage } from 'node:http'
import { z } from 'zod'
import type { AdminRoute, Replied } from '../program/admin.ts'
import type { EdgeState, FleetState } from './fleet/fleet-state.ts'

/** Longest wish, bytes. */
const WISH_BYTES_MAX = 1_024

const wish = z.strictObject({ edge: z.string() })

/**
 * What a person asks of a router: `GET /fleet`, and `POST /drain` and `POST /undrain` with `{"edge":"cdg1"}`. What was
 * drained so is open again after a restart; in the fleet file it stays.
 *
 * @param fleet the one in force
 * @param drained told of each change
 */
export function routerAdmin(fleet: () => FleetState, drained: (state: EdgeState) => void): AdminRoute[] {
  const turn = (isDrained: boolean) => async (request: IncomingMessage) => {
    // Pages of other sites can't send this type without being asked first, and are not answered.
    if (request.headers['content-type'] !== 'application/json')
      return json(415, { error: 'Send it as application/json.' })
    const asked = wish.safeParse(await bodyOf(request))
    if (!asked.success) return json(400, { error: 'Send {"edge":"cdg1"}.' })
    const state = fleet().byCode(asked.data.edge)
    if (state === undefined)
      return json(404, { error: `The fleet has no edge ${JSON.stringify(asked.data.edge)}.` })
    state.drained = isDrained
    drained(state)
    return json(200, told(state))
  }
  return [
    { method: 'GET', path: '/fleet', reply: async () => json(200, { edges: fleet().edges.map(told) }) },
    { method: 'POST', path: '/drain', reply: turn(true) },
    { method: 'POST', path: '/undrain', reply: turn(false) },
  ]
}

function told({ code, edge, alive, drained, load, capacity, trouble }: EdgeState) {
  return { code, city: edge.city, alive, drained, load: Math.round(load * 1_000) / 1_000, capacity, trouble }
}

function json(status: number, body: object): Replied {
  return { status, type: 'application/json', body: `${JSON.stringify(body)}\n` }
}

async function bodyOf(request: IncomingMessage): Promise<unknown> {
  let text = ''
  for await (const chunk of request) {
    text += chunk
    if (text.length > WISH_BYTES_MAX) return undefined
  }
  try {
    return JSON.parse(text)
  } catch {
    // No JSON is no wish that we know.
    return undefined
  }
}
