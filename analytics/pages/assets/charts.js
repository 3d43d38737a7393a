/*
 * Makes the charts of lines livelier: draws the figures of each one's table once more, with what each day had
 * under the pointer. Without this script the page has its own drawing of the same.
 */
import uPlot from './uplot.js'

const SECONDS_A_DAY = 86_400
const HEIGHT = 240

const count = new Intl.NumberFormat('en', { maximumFractionDigits: 1 })
const day = new Intl.DateTimeFormat('en-GB', { day: 'numeric', month: 'short', timeZone: 'UTC' })
const hour = new Intl.DateTimeFormat('en-GB', {
  day: 'numeric',
  month: 'short',
  hour: '2-digit',
  minute: '2-digit',
  timeZone: 'UTC',
})
const weekday = new Intl.DateTimeFormat('en-GB', {
  weekday: 'short',
  day: 'numeric',
  month: 'short',
  year: 'numeric',
  timeZone: 'UTC',
})

for (const figure of document.querySelectorAll('figure[data-chart]')) enliven(figure)

function enliven(figure) {
  const area = figure.querySelector('.plot-area')
  const shown = document.createElement('div')
  shown.className = 'lively'
  shown.setAttribute('aria-hidden', 'true')
  area.before(shown)
  area.classList.add('replaced')
  figure.querySelector('.legend').classList.add('replaced')

  const { names, columns } = readTable(figure.querySelector('table'))
  let chart
  const draw = () => {
    chart?.destroy()
    chart = new uPlot(optionsOf(figure, shown, names, columns), columns, shown)
    for (const [index, key] of [...shown.querySelectorAll('.u-series')].entries()) {
      if (index > 0) key.querySelector('.u-label').classList.add('key', 'key-line', `series-${index}`)
    }
  }
  draw()
  new ResizeObserver(() => {
    if (shown.clientWidth !== chart.width) chart.setSize({ width: shown.clientWidth, height: HEIGHT })
  }).observe(shown)
  // A canvas keeps the colours that it was drawn with.
  for (const query of ['(prefers-color-scheme: dark)', '(forced-colors: active)']) {
    matchMedia(query).addEventListener('change', draw)
  }
}

/** While no day is pointed at, the legend has the last one's figures. */
function restOnLastDay(chart) {
  const rest = () => chart.setLegend({ idx: chart.data[0].length - 1 })
  rest()
  // uPlot empties the legend on its own account when the pointer leaves.
  chart.over.addEventListener('mouseleave', () => setTimeout(rest))
}

/** The table's figures as uPlot takes them: times, then a column of values for each line. */
function readTable(table) {
  const names = [...table.tHead.rows[0].cells].slice(1).map((cell) => cell.textContent)
  const rows = [...table.tBodies[0].rows].reverse()
  const times = rows.map((row) => Date.parse(row.querySelector('time').dateTime) / 1_000)
  const lines = names.map((_, index) =>
    rows.map((row) => {
      const { value } = row.cells[index + 1].dataset
      return value === undefined ? null : Number(value)
    }),
  )
  return { names, columns: [times, ...lines] }
}

function optionsOf(figure, shown, names, columns) {
  const look = getComputedStyle(figure)
  const faded = look.getPropertyValue('--faded')
  const rule = look.getPropertyValue('--rule')
  const font = `12.8px ${look.fontFamily}`
  const isRank = figure.dataset.chart === 'ranks'
  const isByHour = figure.dataset.by === 'hour'
  const time = isByHour ? hour : weekday
  const axis = { stroke: faded, font, grid: { stroke: rule, width: 1 }, ticks: { show: false } }
  return {
    width: shown.clientWidth,
    height: HEIGHT,
    tzDate: (seconds) => uPlot.tzDate(new Date(seconds * 1_000), 'Etc/UTC'),
    padding: [12, 8, 0, 0],
    hooks: { ready: [restOnLastDay] },
    cursor: { y: false, drag: { x: false, y: false }, points: { size: 8 } },
    legend: { live: true },
    scales: {
      x: { time: true },
      y: { dir: isRank ? -1 : 1, range: isRank ? rangeOfRanks : rangeOfCounts },
    },
    axes: [
      {
        ...axis,
        size: 34,
        gap: 10,
        space: isByHour ? 120 : 80,
        values: (_, splits) => splits.map((seconds) => (isByHour ? hour : day).format(seconds * 1_000)),
        incrs: isByHour ? [...hoursApart(), ...daysApart()] : daysApart(),
        grid: { show: false },
      },
      {
        ...axis,
        size: sizeOfLabels,
        gap: 10,
        incrs: steps(),
        values: (_, splits) => splits.map((value) => count.format(value)),
        ...(isRank && { splits: splitsOfRanks }),
      },
    ],
    series: [
      { label: 'Day', value: (_, seconds) => (seconds === null ? '' : time.format(seconds * 1_000)) },
      ...names.map((label, index) => ({
        label,
        stroke: look.getPropertyValue(`--series-${index + 1}`),
        width: names.length === 1 ? 2 : 1.75,
        dash: index < 5 ? [] : [6, 4],
        spanGaps: false,
        points: { show: isAlone(columns[index + 1]), size: 6 },
        value: (_, value) => (value === null ? '–' : count.format(value)),
      })),
    ],
  }
}

/** Few points need to be seen as such: a line of one has no length. */
function isAlone(values) {
  return values.filter((value) => value !== null).length < 3
}

function rangeOfCounts(_chart, _least, most) {
  const power = 10 ** Math.floor(Math.log10(Math.max(1, most ?? 1)))
  const step = [2, 4, 6, 10].find((factor) => factor * power >= (most ?? 1)) ?? 20
  return [0, step * power]
}

function rangeOfRanks(_chart, _least, most) {
  const worst = Math.max(3, most ?? 3)
  return [1, worst + (worst - 1) * 0.06]
}

/** 1, and then whole numbers some way apart. */
function splitsOfRanks(_chart, _axis, _least, most) {
  const step = steps().find((one) => most / one <= 5.5)
  const splits = [1]
  for (let rank = step === 1 ? 2 : step; rank <= most; rank += step) splits.push(rank)
  return splits
}

function steps() {
  return Array.from({ length: 12 }, (_, power) => [1, 2, 5].map((factor) => factor * 10 ** power)).flat()
}

function daysApart() {
  return [1, 2, 7, 14, 28, 91].map((days) => days * SECONDS_A_DAY)
}

function hoursApart() {
  return [1, 3, 6, 12].map((hours) => hours * 3_600)
}

/** Room for the widest of the labels. */
function sizeOfLabels(_chart, values) {
  const widest = Math.max(...(values ?? ['']).map((text) => text.length))
  return 18 + widest * 7.5
}
