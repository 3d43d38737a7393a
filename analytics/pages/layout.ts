import { type Content, type Html, html } from './html.ts'

/** What every page has around its own part: the head, the way to the others, what holds for all figures. */
export function layout(page: { title: string; description: string; main: Content }): Html {
  return html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${page.title} · Selvedge</title>
<meta name="description" content="${page.description}">
<meta name="color-scheme" content="light dark">
<link rel="icon" type="image/svg+xml" href="/assets/mark.svg">
<link rel="stylesheet" href="/assets/style.css">
</head>
<body>
<a class="skip" href="#main">Skip to the content</a>
<header class="masthead">
<a class="brand" href="/"><img src="/assets/mark.svg" width="28" height="28" alt="">Selvedge</a>
<nav aria-label="Main"><a href="/">Top sites</a><a href="/openapi.json">API</a></nav>
</header>
<main id="main">
${page.main}
</main>
<footer class="colophon">
<p>Ranks are within this CDN’s traffic, counted from its own access log; days are days of UTC. No address of a
visitor is kept.</p>
</footer>
</body>
</html>
`
}
