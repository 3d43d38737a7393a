/**
 * The one file that knows how the browser is walled in: every flag by which nothing that a page does
 * can reach anything but the egress guard (`../egress/`).
 *
 * Chromium goes around a proxy for loopback and link-local addresses, the clouds' metadata address
 * among them, unless `<-loopback>` forbids it. With it everything takes the proxy, names unresolved:
 * WebSockets, workers, prefetches, beacons, reports, TURN over TCP. What has its own way past a proxy
 * is shut off: QUIC, WebRTC over UDP. Should anything still ask for a name itself, there is none.
 *
 * @param proxy what is used outside a render's context, which has a proxy of its own: lets nothing through
 */
export function wallsAround(proxy: string): string[] {
  return [
    `--proxy-server=${proxy}`,
    `--proxy-bypass-list=${NO_BYPASS}`,
    '--host-resolver-rules=MAP * ~NOTFOUND,EXCLUDE 127.*',
    '--disable-quic',
    '--force-webrtc-ip-handling-policy=disable_non_proxied_udp',
  ]
}

/** Not even loopback goes around a proxy. */
export const NO_BYPASS = '<-loopback>'

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
  `--disable-features=${[
    'AsyncDns',
    'CertificateTransparencyComponentUpdater',
    'DnsOverHttps',
    'HttpsUpgrades',
    'MediaRouter',
    'OptimizationHints',
    'Translate',
  ].join()}`,
  '--disable-sync',
  '--dns-prefetch-disable',
  '--metrics-recording-only',
  '--mute-audio',
  '--no-default-browser-check',
  '--no-first-run',
  '--no-pings',
  '--no-service-autorun',
  '--password-store=basic',
  '--use-mock-keychain',
]
