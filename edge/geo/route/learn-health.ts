import { request } from 'undici'
import { z } from 'zod'
import { ConfigError } from '../../program/errors.ts'
import type { FleetState } from '../fleet/fleet-state.ts'

/** How long a router may take to tell, ms. */
const TELL_MS_MAX = 5_000

const told = z.object({
  edges: z.array(z.object({ code: z.string(), alive: z.boolean(), drained: z.boolean(), load: z.number() })),
})

/** Takes over what a running router knows of its edges. @throws ConfigError when it can't be asked */
export async function learnHealth(fleet: FleetState, router: string): Promise<void> {
  try {
    const { statusCode, body } = await request(new URL('/fleet', router), {
      signal: AbortSignal.timeout(TELL_MS_MAX),
    })
    if (statusCode !== 200) throw new Error(`it says ${statusCode}`)
    for (const { code, ...now } of told.parse(await body.json()).edges) {
      const state = fleet.byCode(code)
      if (state !== undefined) Object.assign(state, now)
    }
  } catch (error) {
    throw new ConfigError(
      '--router',
      `${router}: ${(error as Error).message}`,
      'Give the URL of its admin port.',
    )
  }
}
