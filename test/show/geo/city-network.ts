import { execFileSync, spawnSync } from 'node:child_process'

/** One city of the show. */
export interface City {
  code: string
  latitude: number
  longitude: number
  /** A /24 there. */
  viewers: string
}

/** Namespaces joined by a bridge in one of their own: nothing of it reaches the machine's network. */
export interface CityNetwork {
  /** The namespace of bridge and router. */
  hub: string
  /** The router's address. */
  router: string
  nameOf(code: string): string
  addressOf(code: string): string
  /** The hub's end of a city's link. */
  linkOf(code: string): string
  /** What is to be said of delays. */
  delays: string
  remove(): void
}

const ip = (...words: string[]) => execFileSync('ip', words, { stdio: ['ignore', 'pipe', 'inherit'] })

/** Kilometres that light in glass goes in a millisecond, there and back, with the detours of real cables. */
const KM_PER_MS = 75

/** Lays the network. Needs root. */
export function layCities(cities: readonly City[]): CityNetwork {
  const hub = `sv${process.pid}`
  const nameOf = (code: string) => `${hub}-${code}`
  const linkOf = (code: string) => `v-${code}`
  const addressOf = (code: string) => `10.66.0.${10 + cities.findIndex((city) => city.code === code)}`
  ip('netns', 'add', hub)
  ip('-n', hub, 'link', 'set', 'lo', 'up')
  ip('-n', hub, 'link', 'add', 'br0', 'type', 'bridge')
  ip('-n', hub, 'addr', 'add', '10.66.0.1/24', 'dev', 'br0')
  ip('-n', hub, 'link', 'set', 'br0', 'up')
  let delayed = 0
  for (const city of cities) {
    const { code } = city
    ip('netns', 'add', nameOf(code))
    ip('-n', hub, 'link', 'add', linkOf(code), 'type', 'veth', 'peer', 'name', 'eth0', 'netns', nameOf(code))
    ip('-n', hub, 'link', 'set', linkOf(code), 'master', 'br0')
    ip('-n', hub, 'link', 'set', linkOf(code), 'up')
    ip('-n', nameOf(code), 'link', 'set', 'lo', 'up')
    ip('-n', nameOf(code), 'addr', 'add', `${addressOf(code)}/24`, 'dev', 'eth0')
    ip('-n', nameOf(code), 'link', 'set', 'eth0', 'up')
    if (hasDelay(nameOf(code), city)) delayed += 1
  }
  return {
    hub,
    router: '10.66.0.1',
    nameOf,
    addressOf,
    linkOf,
    delays:
      delayed === cities.length
        ? 'links are as slow as the cities are far from Amsterdam (tc netem)'
        : 'this kernel has no netem: links have no delay',
    remove() {
      for (const { code } of cities) spawnSync('ip', ['netns', 'del', nameOf(code)])
      spawnSync('ip', ['netns', 'del', hub])
    },
  }
}

/** Delays what leaves a city, by its distance from the router's. @returns whether the kernel can */
function hasDelay(namespace: string, { latitude, longitude }: City): boolean {
  const degrees = Math.hypot(latitude - 52, (longitude - 5) * Math.cos((latitude * Math.PI) / 180))
  const ms = Math.round((degrees * 111) / KM_PER_MS)
  const words = ['-n', namespace, 'qdisc', 'add', 'dev', 'eth0', 'root', 'netem', 'delay', `${ms}ms`]
  return spawnSync('tc', words, { stdio: 'ignore' }).status === 0
}
