import { type Dispatcher, errors } from 'undici'
import { nameFilter } from '../fields.ts'
import type { Leaving } from '../leaving.ts'
import type { Request, Response } from '../message.ts'
import { IncomingResponse, TooManyInterim } from './incoming-response.ts'
import { UpstreamError, type UpstreamFailure } from './upstream-error.ts'

/**
 * One HTTP exchange: flat fields out, flat fields in, and failures in our own words. Nothing is
 * followed, retried or decompressed.
 *
 * @param where the other side, for an operator's log
 * @param host value of `Host`
 * @param signal ends it at once, before there is a connection too
 * @returns the response; a body that came whole together with its head is a Buffer
 * @throws UpstreamError; its `cause` is undici's error
 */
export function exchange(
  dispatcher: Dispatcher,
  request: Request,
  { where, host }: { where: string; host: string },
  signal: Leaving,
): Promise<Response> {
  const { promise, resolve, reject } = Promise.withResolvers<Response>()
  const incoming = new IncomingResponse(request, signal, {
    responded: resolve,
    failed: (cause) => reject(new UpstreamError(failureOf(cause), where, { cause })),
  })
  if (signal.aborted) return promise
  const asked = {
    method: request.method as Dispatcher.HttpMethod,
    path: request.target,
    headers: ['Host', host, ...sendable(request.fields)],
    body: request.body ?? null,
  }
  try {
    dispatcher.dispatch(asked, incoming)
  } catch (error) {
    incoming.onResponseError(undefined, error as Error)
  }
  return promise
}

/** Whether the other side was never reached, so that the request can't have been acted upon. */
export function neverConnected(error: unknown): boolean {
  const failure = error instanceof UpstreamError ? error.failure : undefined
  const cause = error instanceof UpstreamError ? error.cause : error
  return (
    failure === 'OriginConnectError' ||
    failure === 'OriginDnsError' ||
    cause instanceof errors.ConnectTimeoutError
  )
}

/** Set anew, as the framing is for each connection; and node:http has already answered `Expect` (RFC 9110 §10.1.1). */
const NOT_SENT: ReadonlySet<string> = new Set(['expect', 'host', 'transfer-encoding'])

const sendable = nameFilter((name) => !NOT_SENT.has(name))

const BY_CODE: Readonly<Record<string, UpstreamFailure>> = {
  ECONNREFUSED: 'OriginConnectError',
  EHOSTUNREACH: 'OriginConnectError',
  ENETUNREACH: 'OriginConnectError',
  EADDRNOTAVAIL: 'OriginConnectError',
  ENOTFOUND: 'OriginDnsError',
  EAI_AGAIN: 'OriginDnsError',
  ETIMEDOUT: 'OriginTimeoutError',
  ECONNRESET: 'OriginReadError',
  EPIPE: 'OriginReadError',
  UND_ERR_SOCKET: 'OriginReadError',
  UND_ERR_CONNECT_TIMEOUT: 'OriginTimeoutError',
  UND_ERR_HEADERS_TIMEOUT: 'OriginTimeoutError',
  UND_ERR_BODY_TIMEOUT: 'OriginTimeoutError',
  UND_ERR_HEADERS_OVERFLOW: 'OriginInvalidResponseError',
  UND_ERR_RES_CONTENT_LENGTH_MISMATCH: 'OriginInvalidResponseError',
  // undici's own assertions on a status line, e.g. a status of 099.
  ERR_ASSERTION: 'OriginInvalidResponseError',
}

/** The word for what was met while a response was waited for, or in the middle of its body. */
export function failureOf(cause: unknown): UpstreamFailure {
  if (cause instanceof UpstreamError) return cause.failure
  if (cause instanceof errors.HTTPParserError || cause instanceof TooManyInterim) {
    return 'OriginInvalidResponseError'
  }
  const code = (cause as NodeJS.ErrnoException).code ?? ''
  // Certificates that don't hold: nothing was sent.
  if (/^(ERR_TLS|ERR_SSL|CERT_|DEPTH_ZERO|SELF_SIGNED|UNABLE_TO)/.test(code)) return 'OriginConnectError'
  return BY_CODE[code] ?? 'OriginError'
}
