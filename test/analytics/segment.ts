import { createHash } from 'node:crypto'
import { zstdCompressSync } from 'node:zlib'
import { type AccessRecord, formatRecord } from '../../edge/log/record.ts'
import { signedValue } from '../../edge/program/shared-key.ts'

export const KEY = 'a key that edges and analytics share'

/** A day's noon; the tests' clock stands there unless they move it. */
export const NOON_MS = Date.UTC(2026, 6, 25, 12)

const FIREFOX = 'Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0'

/** A person of Germany opens the first page of www.example.com; each test says what is different. */
export function recordBut(difference: Partial<AccessRecord> = {}): AccessRecord {
  return {
    timeMs: NOON_MS,
    node: 'cdg1',
    requestId: 'request-1',
    distribution: 'docs',
    host: 'www.example.com',
    site: '',
    method: 'GET',
    scheme: 'https',
    protocolVersion: 'HTTP/2.0',
    path: '/',
    query: '',
    status: 200,
    bytesSent: 1_234,
    bytesReceived: 321,
    timeTakenUs: 1_500,
    timeToFirstByteUs: 900,
    originTimeUs: 700,
    resultType: 'Miss',
    detailedResultType: 'Miss',
    cacheStatus: 'cdg1; fwd=uri-miss; stored',
    contentType: 'text/html',
    contentLength: 1_000,
    rangeStart: '',
    rangeEnd: '',
    clientIp: '192.0.2.77',
    clientPort: 54_321,
    xForwardedFor: '',
    tlsProtocol: 'TLSv1.3',
    tlsCipher: 'TLS_AES_128_GCM_SHA256',
    userAgent: FIREFOX,
    referer: '',
    country: 'DE',
    asn: 64_500,
    secFetchDest: 'document',
    secPurpose: '',
    doNotTrack: '',
    ...difference,
  }
}

/** Records as a segment's lines. */
export function linesOf(...records: AccessRecord[]): string {
  return records.map(formatRecord).join('')
}

/** What a sender could do otherwise than an edge does. */
export interface Sending {
  token?: string
  method?: string
  key?: string
  signedAtMs?: number
  body?: Buffer
  headers?: Record<string, string>
}

/** An edge's request for a segment, but for what `otherwise` says. */
export function requestOf(lines: string, otherwise: Sending = {}) {
  const { token = 'cdg1/77-abc/0', method = 'PUT', key = KEY, signedAtMs = NOON_MS } = otherwise
  const body = otherwise.body ?? zstdCompressSync(Buffer.from(lines, 'latin1'))
  const path = `/v1/segments/${token}`
  const digest = `sha-256=:${createHash('sha256').update(body).digest('base64')}:`
  const contentDigest = otherwise.headers?.['Content-Digest'] ?? digest
  const headers = {
    'Content-Type': 'text/tab-separated-values',
    'Content-Encoding': 'zstd',
    'Content-Digest': contentDigest,
    'Selvedge-Signature': signedValue(key, 'collector', [method, path, contentDigest], signedAtMs),
    ...otherwise.headers,
  }
  return { path, method, headers, body }
}

/** Sends lines to a collector. */
export function sendSegment(collector: string, lines: string, otherwise: Sending = {}): Promise<Response> {
  const { path, ...request } = requestOf(lines, otherwise)
  return fetch(new URL(path, collector), request)
}
