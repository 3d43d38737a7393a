import { type Fields, firstValue, nameFilter } from '../cache/fields.ts'
import type { RequestHead } from '../cache/message.ts'
import { isSignedBy, signedValue } from '../program/shared-key.ts'

/**
 * What an edge adds to a request for a shield. The request itself goes as the viewer sent it, Host
 * included; these fields say what the shield can't see, and prove that an edge says so:
 *
 *     Selvedge-Distribution: ID     which distribution; the shield looks its origins up again
 *     Selvedge-Scheme: https        how the viewer came
 *     Selvedge-Request-Id: …        the same id in all logs
 *     Selvedge-Signature: t=…, mac=…    over method, Host, target, distribution and scheme
 */
export function shieldFields(
  key: string,
  request: RequestHead,
  about: { distribution: string; requestId: string },
): string[] {
  const signature = signedValue(key, 'shield', signedParts(request, about.distribution), Date.now())
  return [
    'Selvedge-Distribution',
    about.distribution,
    'Selvedge-Scheme',
    request.scheme,
    'Selvedge-Request-Id',
    about.requestId,
    'Selvedge-Signature',
    signature,
  ]
}

/** What a shield reads off a request from an edge. */
export interface FromEdge {
  distribution: string
  scheme: string
  requestId: string
}

/** Reads what `shieldFields` added; `undefined` when it was not an edge of ours that asked. */
export function readShieldFields(key: string, request: RequestHead, nowMs: number): FromEdge | undefined {
  const value = (name: string) => firstValue(request.fields, name) ?? ''
  const distribution = value('selvedge-distribution')
  const scheme = value('selvedge-scheme')
  const parts = signedParts({ ...request, scheme }, distribution)
  if (!isSignedBy(key, 'shield', parts, value('selvedge-signature'), nowMs)) return undefined
  return { distribution, scheme, requestId: value('selvedge-request-id') }
}

/** Whether a field is what edge and shield say to each other: nothing that an origin may say or see. */
export function isBetweenTiers(name: string): boolean {
  return name.startsWith('selvedge-') && name !== 'selvedge-cdn-cache-control'
}

/** The fields without those. */
export const beyondTiers = nameFilter((name) => !isBetweenTiers(name))

function signedParts(request: RequestHead, distribution: string): Fields {
  return [request.method, request.host, request.target, distribution, request.scheme]
}
