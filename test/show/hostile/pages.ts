import type { Answer } from '../../thumbnailer/site.ts'

/** A page that tries to get inside. */
export interface HostilePage {
  name: string
  /** @param at hosts inside, in many spellings, each with the page's own canary's port */
  answer(at: readonly string[]): Answer
  /** An unguarded browser does not get inside either: no way for a page, or none in a headless browser. */
  isShut?: true
}

const script = (code: string) => `<script>${code}</script>`
const each = (page: (at: string) => string) => (at: readonly string[]) => at.map(page).join('\n')
const eachScript = (code: (at: string) => string) => each((at) => script(`try { ${code(at)} } catch {}`))
const inWorker = (at: string) => `fetch('http://${at}/x', { mode: 'no-cors' })`
/** Hosts in letters of all kinds are UTF-8 in a header, which Node writes byte by byte. */
const inHeader = (text: string) => Buffer.from(text).toString('latin1')
const withHeaders =
  (headers: (at: readonly string[]) => Record<string, string>, status = 200) =>
  (at: readonly string[]): Answer =>
  (_, response) => {
    response.writeHead(status, { 'Content-Type': 'text/html', ...headers(at.map(inHeader)) }).end('<p>a page')
  }

const SUBRESOURCES: Record<string, (at: string) => string> = {
  image: (at) => `<img src="http://${at}/x">`,
  picture: (at) => `<picture><source srcset="http://${at}/x 1x"><img></picture>`,
  frame: (at) => `<iframe src="http://${at}/x"></iframe>`,
  'srcdoc frame': (at) => `<iframe srcdoc="<img src='http://${at}/x'>"></iframe>`,
  'data frame': (at) => `<iframe src="data:text/html,<img src='http://${at}/x'>"></iframe>`,
  'javascript frame': (at) => `<iframe src="javascript:location='http://${at}/x'"></iframe>`,
  object: (at) => `<object data="http://${at}/x"></object>`,
  embed: (at) => `<embed src="http://${at}/x">`,
  script: (at) => `<script src="http://${at}/x"></script>`,
  module: (at) => `<script type="module">import 'http://${at}/x'</script>`,
  'style sheet': (at) => `<link rel="stylesheet" href="http://${at}/x">`,
  '@import': (at) => `<style>@import "http://${at}/x"</style>`,
  'CSS url()': (at) => `<p style="background: url(http://${at}/x)">text`,
  font: (at) =>
    `<style>@font-face { font-family: "${at}"; src: url(http://${at}/x) }</style><p style="font-family: '${at}'">text`,
  'SVG image': (at) => `<svg><image href="http://${at}/x" width="9" height="9"/></svg>`,
  'SVG foreign object': (at) => `<svg><foreignObject><img src="http://${at}/x"/></foreignObject></svg>`,
  video: (at) => `<video src="http://${at}/x" preload="auto" poster="http://${at}/y"></video>`,
  audio: (at) => `<audio src="http://${at}/x" preload="auto"></audio>`,
  prefetch: (at) => `<link rel="prefetch" href="http://${at}/x">`,
  preload: (at) => `<link rel="preload" as="image" href="http://${at}/x">`,
  'module preload': (at) => `<link rel="modulepreload" href="http://${at}/x">`,
  icon: (at) => `<link rel="icon" href="http://${at}/x">`,
  TLS: (at) => `<img src="https://${at}/x">`,
}

const SCRIPTS: Record<string, (at: string) => string> = {
  fetch: (at) => `fetch('http://${at}/x', { mode: 'no-cors' })`,
  'keepalive fetch': (at) =>
    `addEventListener('pagehide', () => fetch('http://${at}/x', { mode: 'no-cors', keepalive: true })); ${inWorker(at)}`,
  XMLHttpRequest: (at) => `const x = new XMLHttpRequest(); x.open('GET', 'http://${at}/x'); x.send()`,
  sendBeacon: (at) => `navigator.sendBeacon('http://${at}/x', 'x')`,
  WebSocket: (at) => `new WebSocket('ws://${at}/x')`,
  EventSource: (at) => `new EventSource('http://${at}/x')`,
  worker: (at) => `new Worker(URL.createObjectURL(new Blob([\`${inWorker(at)}\`])))`,
  'shared worker': (at) => `new SharedWorker(URL.createObjectURL(new Blob([\`${inWorker(at)}\`])))`,
  'blob frame': (at) =>
    `const f = document.createElement('iframe'); f.src = URL.createObjectURL(new Blob([\`<img src="http://${at}/x">\`], { type: 'text/html' })); document.body ? document.body.append(f) : document.documentElement.append(f)`,
  'window.open': (at) => `open('http://${at}/x')`,
  'download link': (at) =>
    `const a = document.createElement('a'); a.href = 'http://${at}/x'; a.download = 'x'; a.click()`,
  WebRTC: (at) => `const peer = new RTCPeerConnection({ iceServers: [
      { urls: 'stun:${at}' },
      { urls: ['turn:${at}?transport=tcp', 'turn:${at}?transport=udp'], username: 'a', credential: 'b' } ] })
    peer.createDataChannel('x'); peer.createOffer().then((offer) => peer.setLocalDescription(offer))`,
  WebTransport: (at) => `new WebTransport('https://${at}/x').ready.catch(() => undefined)`,
}

const WHOLE: HostilePage[] = [
  ...[301, 302, 303, 307, 308].map((status) => ({
    name: `redirect ${status}`,
    answer: withHeaders(([at]) => ({ Location: `http://${at}/x` }), status),
  })),
  {
    name: 'meta refresh',
    answer: ([at]) => `<meta http-equiv="refresh" content="0; url=http://${at}/x">`,
  },
  { name: 'Refresh header', answer: withHeaders(([at]) => ({ Refresh: `0; url=http://${at}/x` })) },
  { name: 'location =', answer: ([at]) => script(`location = 'http://${at}/x'`) },
  {
    name: 'form that submits itself',
    answer: ([at]) =>
      `<form action="http://${at}/x" method="post"></form>${script('document.forms[0].submit()')}`,
  },
  {
    name: 'Link header',
    answer: withHeaders((at) => ({
      Link: at.map((one) => `<http://${one}/x>; rel=preload; as=image`).join(),
    })),
  },
  {
    name: 'CSP report',
    answer: (at) => (_, response) =>
      void response
        .writeHead(200, {
          'Content-Type': 'text/html',
          'Content-Security-Policy': `img-src 'none'; report-uri ${at.map((one) => `http://${inHeader(one)}/x`).join(' ')}`,
        })
        .end('<img src="/blocked">'),
  },
  {
    name: 'service worker',
    answer: (at) => (request, response) => {
      const isScript = request.headers['service-worker'] === 'script'
      const body = isScript
        ? `oninstall = (event) => event.waitUntil(Promise.allSettled([${at.map(inWorker).join()}]))`
        : script("navigator.serviceWorker.register(location.pathname, { scope: '/' })")
      response.writeHead(200, { 'Content-Type': isScript ? 'text/javascript' : 'text/html' }).end(body)
    },
  },
  {
    name: 'speculation rules',
    answer: (at) =>
      `<script type="speculationrules">${JSON.stringify({
        prefetch: [{ urls: at.map((one) => `http://${one}/x`), eagerness: 'immediate' }],
        prerender: [{ urls: at.map((one) => `http://${one}/y`), eagerness: 'immediate' }],
      })}</script>`,
    isShut: true,
  },
  { name: 'preconnect', answer: each((at) => `<link rel="preconnect" href="http://${at}">`), isShut: true },
  {
    name: 'dns-prefetch',
    answer: each((at) => `<link rel="dns-prefetch" href="http://${at}">`),
    isShut: true,
  },
  { name: 'manifest', answer: each((at) => `<link rel="manifest" href="http://${at}/x">`), isShut: true },
  {
    name: 'ping',
    answer: eachScript(
      (at) => `const a = document.createElement('a'); a.href = '#'; a.ping = 'http://${at}/x'; a.click()`,
    ),
    isShut: true,
  },
  {
    name: 'download',
    answer: withHeaders(() => ({ 'Content-Disposition': 'attachment; filename=x.html' })),
    isShut: true,
  },
  {
    name: 'PDF with links',
    answer:
      ([at]) =>
      (_, response) =>
        void response
          .writeHead(200, { 'Content-Type': 'application/pdf' })
          .end(
            `%PDF-1.4\n1 0 obj <</Type/Catalog/OpenAction<</S/URI/URI(http://${at}/x)>>>> endobj\ntrailer <</Root 1 0 R>>`,
          ),
    isShut: true,
  },
  ...[
    'file:///etc/passwd',
    'view-source:http://127.0.0.1/',
    'chrome://version',
    'ftp://127.0.0.1/',
    'devtools://x',
  ].flatMap((url): HostilePage[] => [
    {
      name: `redirect to ${url.split(':')[0]}:`,
      answer: withHeaders(() => ({ Location: url }), 302),
      isShut: true,
    },
    {
      name: `frame and window of ${url.split(':')[0]}:`,
      answer: () => `<iframe src="${url}"></iframe>${script(`open('${url}'); location = '${url}'`)}`,
      isShut: true,
    },
  ]),
]

/**
 * Of these no canary hears without the walls either: a headless browser asks for no icons, new windows are
 * forbidden to it anyway, reports don't come here. WebRTC finds no way in a network without a route;
 * `thumbnailer/walls.test.ts` has it on the machine's loopback, where it does.
 */
const SHUT_ANYWAY = new Set(['icon', 'window.open', 'CSP report', 'WebRTC'])

/** The kit. */
export const HOSTILE_PAGES: readonly HostilePage[] = [
  ...Object.entries(SUBRESOURCES).map(([name, page]) => ({ name, answer: each(page) })),
  ...Object.entries(SCRIPTS).map(([name, code]) => ({ name, answer: eachScript(code) })),
  ...WHOLE,
].map((page): HostilePage => (SHUT_ANYWAY.has(page.name) ? { ...page, isShut: true } : page))

/** Redirects to each spelling by itself. */
export function redirectTo(host: string): HostilePage {
  const own = (at: readonly string[]) => at.filter((one) => one.startsWith(`${inHeader(host)}:`))
  return {
    name: `302 to ${host}`,
    answer: withHeaders((at) => ({ Location: `http://${own(at)[0]}/x` }), 302),
  }
}
