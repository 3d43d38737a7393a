import { spawn } from 'node:child_process'
import { createInterface } from 'node:readline'
import { setTimeout as pause } from 'node:timers/promises'
import type { City, CityNetwork } from './city-network.ts'

const VIEWER = new URL('city-viewer.ts', import.meta.url).pathname
/** Longest wait until all viewers have started, ms. */
const START_MS_MAX = 60_000
/** Longest wait for viewers to move, ms. */
const MOVE_MS_MAX = 20_000

/** What viewers of one city met with. */
export interface ViewerReport {
  city: string
  edges: Set<string>
  requests: number
  /** Those that asked DNS once more. */
  retried: number
  failed: number
}

/** Viewers of each city, who ask from the hub: their own link is the edge's, which may be down. */
export interface Viewers {
  /** Resolves when those of each city have made so many requests. */
  started(requests: number): Promise<void>
  /** What they met with since it was last asked. */
  take(): ViewerReport[]
  /** How long it takes until a city's viewers get an edge like this, ms. */
  until(city: string, isThere: (edge: string) => boolean): Promise<number>
  stop(): void
}

export function startViewers(cities: readonly City[], network: CityNetwork, ttlMs: number): Viewers {
  const empty = (city: string): ViewerReport => ({
    city,
    edges: new Set(),
    requests: 0,
    retried: 0,
    failed: 0,
  })
  let reports = new Map(cities.map(({ code }) => [code, empty(code)]))
  const last = new Map<string, string>()
  const children = cities.map(({ code, viewers }) => {
    const words = [
      'netns',
      'exec',
      network.hub,
      process.execPath,
      VIEWER,
      network.router,
      viewers,
      String(ttlMs),
    ]
    const child = spawn('ip', words, { stdio: ['ignore', 'pipe', 'inherit'] })
    createInterface({ input: child.stdout }).on('line', (line) => {
      const [edge = '', retried, failed] = line.split(' ')
      const report = reports.get(code)
      if (report === undefined) return
      report.requests += 1
      report.retried += Number(retried)
      report.failed += Number(failed)
      if (failed === '0') report.edges.add(edge)
      last.set(code, edge)
    })
    return child
  })
  return {
    async started(requests) {
      const deadline = performance.now() + START_MS_MAX
      while (reports.values().some((report) => report.requests < requests)) {
        if (performance.now() > deadline) throw new Error('viewers of a city get no answers')
        await pause(100)
      }
    },
    take() {
      const taken = [...reports.values()]
      reports = new Map(cities.map(({ code }) => [code, empty(code)]))
      return taken
    },
    async until(city, isThere) {
      const startedMs = performance.now()
      while (performance.now() - startedMs < MOVE_MS_MAX) {
        const edge = last.get(city) ?? ''
        if (edge !== '-' && edge !== '' && isThere(edge)) break
        await pause(20)
      }
      return Math.round(performance.now() - startedMs)
    },
    stop() {
      for (const child of children) child.kill('SIGKILL')
    },
  }
}
