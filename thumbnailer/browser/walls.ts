import { isIPv6 } from 'node:net'
import type { EdgeAddress } from '../settings.ts'

/**
 * The one file that knows how the browser is walled in: every flag by which nothing that a page does
 * can reach anything but the edge.
 *
 * `--host-resolver-rules` rewrites where each connection goes, whatever is asked for: names, IP
 * addresses in any spelling, `localhost`, any port, also for WebSockets, workers, prefetches and
 * TURN over TCP. The browser never asks a name server. Rules are tried in order and a pattern is
 * compared with `host` first, then with `host:port`; so pages that come by TLS go to the port where
 * the edge speaks it, everything else to the other. What has its own way past the resolver is shut
 * off: proxies, QUIC, WebRTC over UDP.
 */
export function wallsAround(edge: EdgeAddress): string[] {
  const host = isIPv6(edge.host) ? `[${edge.host}]` : edge.host
  const rules =
    edge.httpsPort === undefined
      ? ['MAP *:443 ~NOTFOUND']
      : [`MAP *:443 ${host}:${edge.httpsPort}`, `MAP *:${edge.httpsPort} ${host}:${edge.httpsPort}`]
  return [
    `--host-resolver-rules=${[...rules, `MAP * ${host}:${edge.httpPort}`].join(',')}`,
    '--no-proxy-server',
    '--disable-quic',
    '--force-webrtc-ip-handling-policy=disable_non_proxied_udp',
    // Only the edge is there, and its certificate may be one that it made itself.
    '--ignore-certificate-errors',
  ]
}

/** Flags by which the browser does nothing of its own accord: no reports, updates, prompts, windows. */
export const QUIET_FLAGS: readonly string[] = [
  '--block-new-web-contents',
  '--deny-permission-prompts',
  '--disable-background-networking',
  '--disable-breakpad',
  '--disable-client-side-phishing-detection',
  '--disable-component-update',
  '--disable-crash-reporter',
  '--disable-default-apps',
  '--disable-domain-reliability',
  '--disable-extensions',
  '--disable-features=HttpsUpgrades,MediaRouter,OptimizationHints,Translate',
  '--disable-sync',
  '--metrics-recording-only',
  '--mute-audio',
  '--no-default-browser-check',
  '--no-first-run',
  '--no-pings',
  '--no-service-autorun',
  '--password-store=basic',
  '--use-mock-keychain',
]
