import { type Content, type Html, html } from './html.ts'

/** Parts of the look that only some pages have; what all have is in `frame.css`. */
export type StyleSheet = 'tables' | 'ranking' | 'site' | 'chart' | 'words' | 'live'

/** One page. */
export interface Page {
  title: string
  description: string
  /** Where the page stands in the main navigation, by its path. */
  at?: NavigationPath
  styles?: readonly StyleSheet[]
  /** Whether it has charts that a script makes livelier. */
  charts?: boolean
  /** A script of its own. */
  script?: 'live'
  /** Address of a picture for links to the page, 1200×630 pixels. */
  card?: string
  /** What was searched for. */
  sought?: string
  main: Content
}

const NAVIGATION = {
  '/': 'Top sites',
  '/live': 'Live',
  '/countries': 'Countries',
  '/compare': 'Compare',
  '/lists': 'Lists',
  '/distributions': 'Reports',
} as const

type NavigationPath = keyof typeof NAVIGATION

/** What every page has around its own part: the head, the way to the others, what holds for all figures. */
export function layout({
  title,
  description,
  at,
  styles = [],
  charts = false,
  script,
  card,
  sought,
  main,
}: Page): Html {
  return html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${title} · Selvedge</title>
<meta name="description" content="${description}">
${card === undefined ? undefined : cardOf(card, title)}<meta name="color-scheme" content="light dark">
<link rel="icon" type="image/svg+xml" href="/assets/mark.svg">
${charts ? html`<link rel="stylesheet" href="/assets/uplot.css">\n` : undefined}${['frame', ...styles].map(
  (name) => html`<link rel="stylesheet" href="/assets/${name}.css">\n`,
)}${charts ? html`<script type="module" src="/assets/charts.js"></script>\n` : undefined}${
  script && html`<script type="module" src="/assets/${script}.js"></script>\n`
}</head>
<body>
<a class="skip" href="#main">Skip to the content</a>
<header class="masthead">
<a class="brand" href="/"><img src="/assets/mark.svg" width="28" height="28" alt="">Selvedge</a>
<form class="ask" role="search" action="/search">
<input type="search" name="q" value="${sought}" aria-label="Find a site" placeholder="Find a site"
 maxlength="253" autocomplete="off" autocapitalize="off" spellcheck="false" required>
<button>Find</button>
</form>
<nav class="rooms" aria-label="Main">${Object.entries(NAVIGATION).map(([path, name]) => link(path, name, at))}</nav>
</header>
<main id="main">
${main}
</main>
<footer class="colophon">
<p>Ranks are within this CDN’s traffic, counted from its own access log; days are days of UTC. No address of a
visitor is kept. <a href="/definitions">What the figures mean</a></p>
<p><a href="/openapi.json">The same for programs: the API</a></p>
</footer>
</body>
</html>
`
}

/** Open Graph (ogp.me). @param address absolute: many who read it put no name before a path */
function cardOf(address: string, title: string): Html {
  return html`<meta property="og:title" content="${title}">
<meta property="og:type" content="website">
<meta property="og:image" content="${address}">
<meta property="og:image:width" content="1200">
<meta property="og:image:height" content="630">
<meta name="twitter:card" content="summary_large_image">
`
}

function link(path: string, name: string, at: string | undefined): Html {
  return path === at
    ? html`<a href="${path}" aria-current="page">${name}</a>\n`
    : html`<a href="${path}">${name}</a>\n`
}
