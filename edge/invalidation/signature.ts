import { createHash, timingSafeEqual } from 'node:crypto'
import { isSignedBy, signedValue } from '../program/shared-key.ts'

/** Where the signature of a request to an admin port stands. */
export const SIGNATURE_FIELD = 'selvedge-signature'

/** What a signature covers. */
export interface SignedRequest {
  method: string
  /** Path and query. */
  target: string
  body: string
}

/** Signs a request about invalidations with the key that all nodes share. @param nowMs Unix ms */
export function signatureOf(key: string, request: SignedRequest, nowMs: number): string {
  return signedValue(key, 'invalidation', partsOf(request), nowMs)
}

/** Whether whoever sent a request has the shared key. @param nowMs Unix ms */
export function isSigned(key: string, request: SignedRequest, value: string, nowMs: number): boolean {
  return isSignedBy(key, 'invalidation', partsOf(request), value, nowMs)
}

/** Whether an `Authorization` is the token as a bearer's (RFC 6750 §2.1); takes the same time whatever is wrong. */
export function isBearer(token: string, authorization: string): boolean {
  const digest = (text: string) => createHash('sha256').update(text).digest()
  return timingSafeEqual(digest(`bearer ${token}`), digest(authorization.replace(/^bearer +/i, 'bearer ')))
}

function partsOf({ method, target, body }: SignedRequest): readonly string[] {
  return [method, target, createHash('sha256').update(body).digest('base64url')]
}
