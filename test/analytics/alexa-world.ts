import { createHmac } from 'node:crypto'
import { Sha256 } from '@aws-crypto/sha256-js'
import { SignatureV4 } from '@smithy/signature-v4'
import { XMLParser, XMLValidator } from 'fast-xml-parser'
import { expect } from 'vitest'
import { doDailySteps } from '../../analytics/daily/steps.ts'
import { createUpkeep } from '../../analytics/daily/upkeep.ts'
import { formulaOf, rankingSettings } from '../../analytics/ranking/formula.ts'
import { type AccessLog, openAccessLog, viewBut, viewsBy } from './access-log.ts'
import { answerTo } from './as-amazon.ts'
import { type InfoApi, infoApiOn, NOON } from './info-api.ts'

export const KEY = { accessKeyId: 'AKIDEXAMPLE', secretAccessKey: 'a secret of forty characters, or so, yes' }

/** The host that clients since 2017 ask. */
export const REGIONAL = 'awis.us-west-1.amazonaws.com'

const categories = ['News/Europe']
const formula = formulaOf(rankingSettings.parse({ networksMin: 1 }), new Map([['press', 'News/Europe']]))

/** What the API is told; it wants a key. */
export const SERVED = { alexa: { keys: [KEY], open: false }, formula, categories }

/** What is said otherwise than by who has the key, now. */
interface OtherwiseV4 {
  key?: typeof KEY
  host?: string
  signedHost?: string
  atMs?: number
  headers?: object
}

interface OtherwiseV2 {
  secret?: string
  host?: string
  atMs?: number
  hash?: string
}

type Parameters = Record<string, string>
type Answer = ReturnType<typeof answerTo>

/** Three sites of two days, ranked, and the API that tells of them as Alexa did. */
export interface Alexa extends AsyncDisposable {
  log: AccessLog
  api: InfoApi
  port: number
  /** A request as clients since 2017 sign it, by the signer of AWS's own SDK. */
  signedV4(parameters: Parameters, but?: OtherwiseV4): Answer
  /** A request as clients of 2008 to 2017 signed it. */
  signedV2(parameters: Parameters, but?: OtherwiseV2): Answer
}

export async function openAlexa(): Promise<Alexa> {
  await using opening = new AsyncDisposableStack()
  const log = opening.use(await openAccessLog())
  await log.insert([
    ...viewsBy(2, { site: 'a.example', host: 'www.a.example', time: '2026-07-23 12:00:00' }),
    viewBut({ site: 'b.example', time: '2026-07-23 12:00:00' }),
    viewBut({ site: 'a.example', host: 'www.a.example', time: '2026-07-24 12:00:00' }),
    ...viewsBy(4, { site: 'b.example', time: '2026-07-24 12:00:00', distribution: 'press' }),
    viewBut({
      site: 'b.example',
      path: '/2',
      time: '2026-07-24 12:00:00',
      referer: 'https://www.a.example/links',
    }),
    viewBut({ site: 'c.example', country: 'FR', visitor: 9, time: '2026-07-24 12:00:00' }),
    // What the client asks for up to now; no ranking is made of it.
    viewBut({ site: 'c.example', time: clickHouseTime(Date.now()), host: 'www.c.example' }),
    viewBut({
      site: 'b.example',
      time: clickHouseTime(Date.now()),
      referer: 'https://www.c.example:8443/<odd>&page',
    }),
  ])
  const upkeep = createUpkeep({ upkeep: log.upkeep, layout: {} })
  await doDailySteps(upkeep, { retentionDays: 36_500, formula }, NOON)
  // Clients sign by the wall clock.
  const api = opening.use(await infoApiOn(log, { ...SERVED, now: () => Date.now() }))
  const port = Number(new URL(api.url).port)
  const parts = opening.move()
  return {
    ...{ log, api, port },
    signedV4: (parameters, but) => signedV4(port, parameters, but),
    signedV2: (parameters, but) => signedV2(port, parameters, but),
    [Symbol.asyncDispose]: () => parts.disposeAsync(),
  }
}

function clickHouseTime(timeMs: number): string {
  return new Date(timeMs).toISOString().slice(0, 19).replace('T', ' ')
}

async function signedV4(port: number, parameters: Record<string, string>, but: OtherwiseV4 = {}) {
  const { key = KEY, host = REGIONAL, signedHost = host, atMs = Date.now() } = but
  const signer = new SignatureV4({
    service: 'awis',
    region: 'us-west-1',
    credentials: key,
    sha256: Sha256,
    applyChecksum: false,
  })
  const request = {
    method: 'GET',
    protocol: 'https:',
    hostname: signedHost,
    path: '/api',
    query: parameters,
    headers: { ...but.headers, host: signedHost },
  }
  const { headers } = await signer.sign(request, {
    signingDate: new Date(atMs),
    signableHeaders: new Set([...Object.keys(request.headers), 'x-amz-date']),
  })
  return answerTo(port, `/api?${new URLSearchParams(parameters)}`, { ...headers, host })
}

function signedV2(port: number, parameters: Record<string, string>, but: OtherwiseV2 = {}) {
  const { secret = KEY.secretAccessKey, host = 'awis.amazonaws.com', atMs = Date.now() } = but
  const { hash = 'sha256' } = but
  const all = {
    AWSAccessKeyId: KEY.accessKeyId,
    SignatureMethod: hash === 'sha1' ? 'HmacSHA1' : 'HmacSHA256',
    SignatureVersion: '2',
    Timestamp: new Date(atMs).toISOString(),
    ...parameters,
  }
  const query = Object.entries(all)
    .map(([name, value]) => `${name}=${encodeURIComponent(value).replaceAll("'", '%27')}`)
    .sort()
    .join('&')
  const signature = createHmac(hash, secret).update(`GET\n${host}\n/\n${query}`).digest('base64')
  return answerTo(port, `/?${query}&Signature=${encodeURIComponent(signature)}`, { Host: host })
}

/** The elements of a well-formed document, without their prefixes. */
export function read(xml: string) {
  expect(XMLValidator.validate(xml)).toBe(true)
  return new XMLParser({ removeNSPrefix: true, ignoreAttributes: false, parseTagValue: false }).parse(xml)
}
