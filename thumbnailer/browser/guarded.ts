import type { Refusal, RefusalReason } from '../egress/destination.ts'
import type { Guard } from '../egress/guard.ts'
import type { Seat } from './keeper.ts'
import {
  type PageToRender,
  type RenderFailure,
  type Rendering,
  type RenderLimits,
  renderPage,
} from './render.ts'

/** Renders a page with a way out of its own, which is cut when it is over. */
export async function renderGuarded(
  guard: Guard,
  seat: Seat,
  page: PageToRender,
  limits: RenderLimits,
): Promise<Rendering | RenderFailure> {
  using exit = await guard.open()
  const killsBefore = seat.heavyKills?.() ?? 0
  const spent = exit.spent.then((what) => EXPLAINED[what])
  const outcome = await renderPage(seat, page, limits, { proxy: exit.proxy, spent })
  if (!('failed' in outcome)) return outcome
  const wasKilled = outcome.failed === 'site-crashed' && (seat.heavyKills?.() ?? 0) > killsBefore
  return wasKilled ? tooHeavy('The page takes more memory than it may.') : explained(outcome, exit.refusals)
}

/** What the browser tells of the guard's refusals: an odd error, or the status that the guard answered with. */
const GUARD_SPOKE =
  /\b(403|502|ERR_TUNNEL_CONNECTION_FAILED|ERR_EMPTY_RESPONSE|ERR_PROXY_CONNECTION_FAILED)\b/

/** A failure that was our own doing is told as that. */
function explained(failure: RenderFailure, refusals: readonly Refusal[]): RenderFailure {
  if (!GUARD_SPOKE.test(failure.detail)) return failure
  const host = URL.parse(failure.url ?? '')?.hostname
  const refusal = refusals.findLast((one) => one.host === host)
  return refusal === undefined ? failure : EXPLAINED[refusal.because]
}

const refused = (detail: string): RenderFailure => ({ failed: 'site-refused', detail })
const tooHeavy = (detail: string): RenderFailure => ({ failed: 'site-too-heavy', detail })
const unreachable = (detail: string): RenderFailure => ({ failed: 'site-unreachable', detail })

/** What a page is told that is refused itself. */
export function failureOf(because: RefusalReason): RenderFailure {
  return EXPLAINED[because]
}

/** In words that tell nothing of what is inside. */
const EXPLAINED: Record<RefusalReason, RenderFailure> = {
  scheme: refused('The page is not opened by http: or https:.'),
  port: refused('The page is at a port that is not opened.'),
  name: refused('The page is at a name that is none of the internet.'),
  'not-public': refused('The page is at an address that is not public.'),
  'unknown-name': unreachable('The name of the site is not known.'),
  unconnected: unreachable('The site does not answer.'),
  connections: tooHeavy('The page opens more connections than it may.'),
  requests: tooHeavy('The page makes more requests than it may.'),
  bytes: tooHeavy('The page is larger than it may be.'),
  time: { failed: 'site-too-slow', detail: 'The page took longer than it may.' },
  'no-render': refused('The page asked when it was over.'),
}
