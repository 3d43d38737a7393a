import type { Aim } from './aims.ts'

/** What is measured, and what is to come of it. */
export type Scenario = LoadScenario | IdleScenario | WorkersScenario

interface Named {
  /** As `--scenario` knows it. */
  id: string
  title: string
  /** What has to be known to read its figures. */
  note?: string
  /** What the issue that asked for the benchmark wants to see. */
  aims: readonly Aim[]
  /** Measured without `--full` too. */
  quick?: boolean
}

/** Requests, and how they are answered. */
export interface LoadScenario extends Named {
  asks: Ask
  load: LoadPlan
  /** What is compared: requests in a second, or the latency that 99 of 100 stay within. */
  figure: 'requests' | 'p99'
  /** What the origin's count of requests has to prove. */
  proves: 'hits' | 'misses' | 'hit ratio'
}

/** What a connection that waits after one request takes of memory. */
export interface IdleScenario extends Named {
  idleOver: 'http' | 'https' | 'h2'
  connections: number
}

/** Our edge with two workers on two cores, beside one with one. */
export interface WorkersScenario extends Named {
  workers: 2
}

/** A request. `NUMBER` in its path or a header is another number each time. */
export interface Ask {
  over?: 'http' | 'https' | 'h2'
  path: string
  /** Beside `Host`. */
  headers?: Readonly<Record<string, string>>
  /** 200 unless said. */
  status?: number
  /** First and last byte of the body that the answer has; all unless said, none in a 304. */
  part?: readonly [first: number, last: number]
}

export type LoadPlan = WrkPlan | H2loadPlan | FixedRatePlan

/** Each connection asks again as soon as it is answered. */
export interface WrkPlan {
  by: 'wrk'
  connections: number
  paths?: 'zipf'
}

/** So many streams of each connection ask again as soon as they are answered. */
export interface H2loadPlan {
  by: 'h2load'
  connections: number
  streams: number
}

/** So many requests a second, whether they are answered or not. */
export interface FixedRatePlan {
  by: 'fixed rate'
  perSecond: number
  connections: number
}

/** Stands for a number that is another one in each request. */
export const NUMBER = '@NUMBER@'

/** What Chrome sends for a picture of a page: 15 headers with `Host`, 770 bytes. */
const BROWSER: Readonly<Record<string, string>> = {
  Connection: 'keep-alive',
  'sec-ch-ua-platform': '"Windows"',
  'User-Agent':
    'Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0.0.0 Safari/537.36',
  'sec-ch-ua': '"Chromium";v="142", "Google Chrome";v="142", "Not_A Brand";v="99"',
  DNT: '1',
  'sec-ch-ua-mobile': '?0',
  Accept: 'image/avif,image/webp,image/apng,image/svg+xml,image/*,*/*;q=0.8',
  'Sec-Fetch-Site': 'same-origin',
  'Sec-Fetch-Mode': 'no-cors',
  'Sec-Fetch-Dest': 'image',
  Referer: 'https://bench.localhost/news/2026/a-page-with-a-name-of-usual-length/0000000001',
  'Accept-Encoding': 'gzip, deflate, br, zstd',
  'Accept-Language': 'en-GB,en;q=0.9,de-DE;q=0.8,de;q=0.7',
  Priority: 'u=1, i',
}

/** A path as long as pictures' are, which makes the head 770 bytes. */
const PICTURE = '/1024/assets/pictures/2026/11/a-photograph-with-some-name-of-usual-length-1280x720.webp'

const WRK_64: LoadPlan = { by: 'wrk', connections: 64 }

const FIXED_RATE =
  'A latency counts from when its request was due, whenever it could be sent, so what is slow hides nothing of what comes after it (no coordinated omission). Turns last twice as long as the others.'

/** All that `npm run bench -- --full` measures, in its order. */
export const SCENARIOS: readonly Scenario[] = [
  {
    id: 'hit-1k',
    title: '1 KB hit, 64 connections',
    asks: { path: '/1024/hit' },
    load: WRK_64,
    figure: 'requests',
    proves: 'hits',
    aims: [
      { of: 'nginx', atLeast: 1.3 },
      { of: 'varnish', atLeast: 2.5 },
    ],
    quick: true,
  },
  {
    id: 'hit-10k',
    title: '10 KB hit',
    asks: { path: '/10240/hit' },
    load: WRK_64,
    figure: 'requests',
    proves: 'hits',
    aims: [{ of: 'nginx', atLeast: 1.3 }],
  },
  {
    id: 'hit-100k',
    title: '100 KB hit',
    asks: { path: '/102400/hit' },
    load: WRK_64,
    figure: 'requests',
    proves: 'hits',
    aims: [{ of: 'nginx', atLeast: 1.2 }],
  },
  {
    id: 'hit-1m',
    title: '1 MB hit',
    asks: { path: '/1048576/hit' },
    load: WRK_64,
    figure: 'requests',
    proves: 'hits',
    aims: [
      { of: 'nginx', atLeast: 0.65 },
      { of: 'varnish', atLeast: 1.2 },
    ],
  },
  {
    id: 'browser-head',
    title: '1 KB hit, a browser’s head, the same each time',
    asks: { path: PICTURE, headers: BROWSER },
    load: WRK_64,
    figure: 'requests',
    proves: 'hits',
    aims: [{ of: 'nginx', atLeast: 1.3 }],
  },
  {
    id: 'new-heads',
    title: '1 KB hit, a browser’s head, every one new',
    asks: {
      path: PICTURE,
      headers: { ...BROWSER, Referer: BROWSER.Referer?.replace('0000000001', NUMBER) ?? '' },
    },
    load: WRK_64,
    figure: 'requests',
    proves: 'hits',
    aims: [{ of: 'nginx', atLeast: 0.85 }],
    quick: true,
  },
  {
    id: 'not-modified',
    title: '304',
    asks: {
      path: '/1024/not-modified',
      headers: { 'If-None-Match': '"/1024/not-modified"' },
      status: 304,
    },
    load: WRK_64,
    figure: 'requests',
    proves: 'hits',
    aims: [{ of: 'nginx', atLeast: 1.1 }],
  },
  {
    id: 'range',
    title: '1 KB range of 1 MB',
    asks: {
      path: '/1048576/range',
      headers: { Range: 'bytes=500000-501023' },
      status: 206,
      part: [500_000, 501_023],
    },
    load: WRK_64,
    figure: 'requests',
    proves: 'hits',
    aims: [{ of: 'nginx', atLeast: 1.3 }],
  },
  {
    id: 'connections-1000',
    title: '1 KB hit, 1,000 connections',
    asks: { path: '/1024/hit' },
    load: { by: 'wrk', connections: 1_000 },
    figure: 'requests',
    proves: 'hits',
    aims: [{ of: 'nginx', atLeast: 1.2 }],
  },
  {
    id: 'close',
    title: '1 KB hit, `Connection: close`',
    asks: { path: '/1024/close', headers: { Connection: 'close' } },
    load: WRK_64,
    figure: 'requests',
    proves: 'hits',
    aims: [{ of: 'nginx', atLeast: 0.6 }],
  },
  {
    id: 'tls',
    title: 'TLS 1.3, HTTP/1.1, 1 KB hit',
    asks: { over: 'https', path: '/1024/hit' },
    load: WRK_64,
    figure: 'requests',
    proves: 'hits',
    aims: [{ of: 'nginx', atLeast: 0.95 }],
  },
  {
    id: 'h2',
    title: 'TLS 1.3, HTTP/2, 1 KB hit, 8 × 32 streams',
    asks: { over: 'h2', path: '/1024/hit' },
    load: { by: 'h2load', connections: 8, streams: 32 },
    figure: 'requests',
    proves: 'hits',
    aims: [
      { of: 'nginx', atLeast: 2 },
      { of: 'haproxy', atLeast: 1.3 },
    ],
  },
  {
    id: 'h2-few-streams',
    title: 'HTTP/2, 1 KB hit, 8 × 4 streams',
    asks: { over: 'h2', path: '/1024/hit' },
    load: { by: 'h2load', connections: 8, streams: 4 },
    figure: 'requests',
    proves: 'hits',
    aims: [{ of: 'nginx', atLeast: 1.5 }],
  },
  {
    id: 'h2-one-stream',
    title: 'HTTP/2, 1 KB hit, 64 × 1 stream',
    asks: { over: 'h2', path: '/1024/hit' },
    load: { by: 'h2load', connections: 64, streams: 1 },
    figure: 'requests',
    proves: 'hits',
    aims: [{ of: 'nginx', atLeast: 1 }],
  },
  {
    id: 'h2-100k',
    title: 'HTTP/2, 100 KB hit, 8 × 8 streams',
    asks: { over: 'h2', path: '/102400/hit' },
    load: { by: 'h2load', connections: 8, streams: 8 },
    figure: 'requests',
    proves: 'hits',
    aims: [{ of: 'nginx', atLeast: 0.9 }],
  },
  {
    id: 'h2-1m',
    title: 'HTTP/2, 1 MB hit, 8 × 8 streams',
    asks: { over: 'h2', path: '/1048576/hit' },
    load: { by: 'h2load', connections: 8, streams: 8 },
    figure: 'requests',
    proves: 'hits',
    aims: [{ of: 'nginx', atLeast: 0.9 }],
  },
  {
    id: 'unique-misses',
    title: 'Unique misses, 1 KB',
    asks: { path: `/1024/miss/${NUMBER}` },
    load: WRK_64,
    figure: 'requests',
    proves: 'misses',
    note: 'Each URL is new. Ours passes an edge and a shield, both on the one core; a peer has one hop to the origin. All caches are full before, so that each miss evicts.',
    aims: [{ of: 'nginx', atLeast: 0.5 }],
    quick: true,
  },
  {
    id: 'zipf',
    title: 'Zipf mix of 1 KB to 1 MB, cache of 64 MB',
    asks: { path: '/7000/zipf/0' },
    load: { by: 'wrk', connections: 64, paths: 'zipf' },
    figure: 'requests',
    proves: 'hit ratio',
    note: '40,000 objects by a power law of sizes, 272 MB together, asked for in one order by Zipf’s law (0.9). Ours has its 64 MB in the edge, the shield 2 MB; all are full before. Nobody has a disk beneath.',
    aims: [{ of: 'nginx', atLeast: 1 }],
  },
  {
    id: 'rate-5000',
    title: '1 KB hit, 5,000 requests/s',
    asks: { path: '/1024/hit' },
    load: { by: 'fixed rate', perSecond: 5_000, connections: 64 },
    figure: 'p99',
    proves: 'hits',
    note: FIXED_RATE,
    aims: [{ of: 'nginx', atMost: 1.5 }],
  },
  {
    id: 'rate-20000',
    title: '1 KB hit, 20,000 requests/s',
    asks: { path: '/1024/hit' },
    load: { by: 'fixed rate', perSecond: 20_000, connections: 64 },
    figure: 'p99',
    proves: 'hits',
    note: FIXED_RATE,
    aims: [{ of: 'nginx', atMost: 1.5 }],
  },
  {
    id: 'idle',
    title: 'Memory of an idle connection',
    idleOver: 'http',
    connections: 3_000,
    note: 'What 3,000 connections that wait after one request each add to 3,000 others: PSS of all processes, without what the kernel has.',
    aims: [{ atMost: 10 }],
  },
  {
    id: 'idle-tls',
    title: 'Memory of an idle connection, TLS',
    idleOver: 'https',
    connections: 2_000,
    note: 'What 2,000 add to 2,000 others.',
    aims: [{ atMost: 70 }],
  },
  {
    id: 'idle-h2',
    title: 'Memory of an idle connection, HTTP/2',
    idleOver: 'h2',
    connections: 2_000,
    note: 'What 2,000 add to 2,000 others.',
    aims: [{ atMost: 70 }],
  },
  {
    id: 'two-workers',
    title: 'Two workers on two cores beside one, 1 KB hit',
    workers: 2,
    note: 'Twice the CPU time of a request with one worker, by that with two: what they would do with two cores to themselves. The load shares the cores with them.',
    aims: [{ atLeast: 1.8 }],
  },
]
