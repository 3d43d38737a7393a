/*
 * Follows live traffic (`/v1/live`, server-sent events) and shows the last two minutes of it. Nothing moves that
 * can't be stopped: the button does, and a page that nobody sees follows nothing.
 */
const SHOWN_SECONDS = 120
const BUSIEST_SECONDS = 60
/** Rates are those of so many seconds, so that they can be read. */
const RATE_SECONDS = 12
const BUSIEST_ROWS = 10
const WIDTH = 400
const HEIGHT = 100

const SVG = 'http://www.w3.org/2000/svg'
const number = new Intl.NumberFormat('en', { maximumFractionDigits: 1 })
const BYTE_UNITS = ['bytes', 'kB', 'MB', 'GB', 'TB', 'PB']

const live = document.querySelector('.live')
const state = live.querySelector('[role=status]')
const button = live.querySelector('button')
const bars = live.querySelector('svg g')
const table = live.querySelector('table')

/** What was told, oldest first: `at` in Unix ms. */
let told = []
let total = 0
let source
let isPaused = false

live.hidden = false
button.addEventListener('click', () => {
  isPaused = !isPaused
  button.textContent = isPaused ? 'Go on' : 'Pause'
  follow()
})
document.addEventListener('visibilitychange', follow)
follow()

/** Opens the stream, or closes it, as is wanted now. */
function follow() {
  const isWanted = !isPaused && document.visibilityState === 'visible'
  if (isPaused) say('Paused')
  if (isWanted === (source !== undefined)) return
  if (!isWanted) {
    source.close()
    source = undefined
    return
  }
  // What came meanwhile is not known, and what was before is no news.
  told = []
  say('Connecting …')
  source = new EventSource(live.dataset.source)
  source.addEventListener('open', () => say('Following'))
  source.addEventListener('error', () => {
    // A browser tries again by itself, unless it was refused.
    const isOver = source?.readyState === EventSource.CLOSED
    say(
      isOver
        ? 'Refused: too many are following, or it takes a key. Load the page again.'
        : 'Cut off; trying again …',
    )
  })
  source.addEventListener('traffic', ({ data }) => take(JSON.parse(data)))
}

/** Said once: a screen reader reads it out. */
function say(text) {
  if (state.textContent !== text) state.textContent = text
}

function take(traffic) {
  const at = Date.parse(traffic.at)
  told.push({ ...traffic, at })
  told = told.filter((one) => at - one.at < SHOWN_SECONDS * 1_000)
  total += traffic.requests
  const recent = told.filter((one) => at - one.at < RATE_SECONDS * 1_000)
  for (const name of ['requests', 'pageViews', 'bytes']) show(name, rateOf(recent, name))
  show('total', total)
  draw(at)
  if (table !== null) list(told.filter((one) => at - one.at < BUSIEST_SECONDS * 1_000))
}

function rateOf(events, name) {
  const seconds = events.reduce((sum, one) => sum + one.seconds, 0)
  return seconds === 0 ? 0 : events.reduce((sum, one) => sum + one[name], 0) / seconds
}

function show(name, value) {
  live.querySelector(`[data-figure="${name}"]`).textContent =
    name === 'bytes' ? bytesText(value) : number.format(value)
}

function bytesText(bytes) {
  const power = Math.min(BYTE_UNITS.length - 1, Math.floor(Math.log10(Math.max(1, bytes)) / 3))
  return `${number.format(bytes / 1000 ** power)} ${BYTE_UNITS[power]}`
}

/** A bar for each event, as wide as the time that it tells of, the newest at the right. */
function draw(nowMs) {
  const rates = told.map((one) => rateOf([one], 'requests'))
  const top = roundUp(Math.max(...rates))
  show('top', top)
  bars.replaceChildren(
    ...told.map(({ at, seconds }, index) => {
      const width = (seconds / SHOWN_SECONDS) * WIDTH
      const height = (rates[index] / top) * HEIGHT
      const bar = document.createElementNS(SVG, 'rect')
      bar.setAttribute('x', WIDTH - ((nowMs - at) / 1_000 / SHOWN_SECONDS) * WIDTH - width)
      bar.setAttribute('y', HEIGHT - height)
      bar.setAttribute('width', width * 0.8)
      bar.setAttribute('height', height)
      return bar
    }),
  )
}

function roundUp(value) {
  const power = 10 ** Math.floor(Math.log10(Math.max(1, value)))
  return power * ([1, 2, 5].find((factor) => factor * power >= value) ?? 10)
}

/** The sites that brought most, their events added up. */
function list(events) {
  const sites = new Map()
  for (const { site, requests, pageViews, bytes } of events.flatMap((one) => one.sites)) {
    const known = sites.get(site) ?? { requests: 0, pageViews: 0, bytes: 0 }
    sites.set(site, {
      requests: known.requests + requests,
      pageViews: known.pageViews + pageViews,
      bytes: known.bytes + bytes,
    })
  }
  const busiest = [...sites]
    .sort(([, one], [, other]) => other.requests - one.requests)
    .slice(0, BUSIEST_ROWS)
  table.hidden = busiest.length === 0
  table.previousElementSibling.hidden = busiest.length > 0
  // A link that has the focus would lose it.
  const focused = document.activeElement?.getAttribute('href')
  table.tBodies[0].replaceChildren(...busiest.map(rowOf))
  for (const link of table.querySelectorAll('a')) if (link.getAttribute('href') === focused) link.focus()
}

function rowOf([site, { requests, pageViews, bytes }]) {
  const row = document.createElement('tr')
  const name = document.createElement('th')
  name.scope = 'row'
  const link = document.createElement('a')
  link.href = `/sites/${encodeURIComponent(site)}`
  // A long name goes on in another line before one of its dots.
  const [first, ...labels] = site.split('.')
  link.append(first, ...labels.flatMap((label) => [document.createElement('wbr'), `.${label}`]))
  name.append(link)
  row.append(name)
  for (const text of [number.format(requests), number.format(pageViews), bytesText(bytes)]) {
    row.insertCell().textContent = text
  }
  return row
}
