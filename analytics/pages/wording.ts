import type { Day, Span } from '../queries/window.ts'
import { type Html, html } from './html.ts'

/** Numbers, days and places as people read them. */

const number = new Intl.NumberFormat('en', { maximumFractionDigits: 1 })
const mean = new Intl.NumberFormat('en', { minimumFractionDigits: 1, maximumFractionDigits: 1 })
const percentage = new Intl.NumberFormat('en', {
  style: 'percent',
  minimumFractionDigits: 1,
  maximumFractionDigits: 1,
})
const shortDay = new Intl.DateTimeFormat('en-GB', { day: 'numeric', month: 'short', timeZone: 'UTC' })
const fullMonth = new Intl.DateTimeFormat('en-GB', { month: 'long', year: 'numeric', timeZone: 'UTC' })
const shortHour = new Intl.DateTimeFormat('en-GB', {
  day: 'numeric',
  month: 'short',
  hour: '2-digit',
  minute: '2-digit',
  timeZone: 'UTC',
})
const signedPercentage = new Intl.NumberFormat('en', {
  style: 'percent',
  maximumFractionDigits: 1,
  signDisplay: 'exceptZero',
})
const fullDay = new Intl.DateTimeFormat('en-GB', { dateStyle: 'medium', timeZone: 'UTC' })
const minute = new Intl.DateTimeFormat('en-GB', {
  dateStyle: 'medium',
  timeStyle: 'short',
  timeZone: 'UTC',
})
const countryNames = new Intl.DisplayNames('en', { type: 'region' })

const BYTE_UNITS = ['bytes', 'kB', 'MB', 'GB', 'TB', 'PB']

/** As `1,234.5`. */
export function countText(count: number | bigint): string {
  return number.format(count)
}

/** As `3 visitors`, `1 visitor`. */
export function counted(count: number, one: string, many = `${one}s`): string {
  return `${countText(count)} ${count === 1 ? one : many}`
}

/** As `12.5%`. */
export function shareText(share: number): string {
  return percentage.format(share)
}

/** As `1.2 MB`, powers of a thousand. */
export function bytesText(bytes: number): string {
  const power = Math.min(BYTE_UNITS.length - 1, Math.floor(Math.log10(Math.max(1, bytes)) / 3))
  return `${number.format(bytes / 1000 ** power)} ${BYTE_UNITS[power]}`
}

/** As `250 ms`, from a second on as `1.3 s`. */
export function millisecondsText(milliseconds: number): string {
  if (milliseconds >= 999.5) return `${number.format(milliseconds / 1_000)} s`
  return `${milliseconds >= 10 ? Math.round(milliseconds) : number.format(milliseconds)} ms`
}

/** As `25 Jul`. */
export function dayText(day: Day): string {
  return shortDay.format(Date.parse(day))
}

/** As `25 Jul, 12:00`. @param instant UTC */
export function hourText(instant: string): string {
  return shortHour.format(Date.parse(instant))
}

/** As `+12.5%`, `−3%`; `±0%`. */
export function changeText(change: number): string {
  return signedPercentage.format(change).replace('-', '−').replace(/^0%$/, '±0%')
}

/** As `25 Jul 2026`. */
export function fullDayText(day: Day): string {
  return fullDay.format(Date.parse(day))
}

/** As `July 2026`. @param month as `2026-07` */
export function monthText(month: string): string {
  return fullMonth.format(Date.parse(`${month}-01`))
}

/** As `19–25 Jul 2026`, or the day alone where it is one. */
export function spanText({ from, to }: Span): string {
  return fullDay.formatRange(Date.parse(from), Date.parse(to))
}

/** An instant as `25 Jul 2026, 12:00 UTC`. */
export function instantText(instant: string): string {
  return `${minute.format(Date.parse(instant))} UTC`
}

/** A site's or host's name, which may go on in another line before each of its dots. */
export function siteText(name: string): Html {
  const [first = '', ...rest] = name.split('.')
  return html`${first}${rest.map((label) => html`<wbr>.${label}`)}`
}

/** Means of one column: with one decimal each, unless all are whole. */
export function meanTexts(values: readonly number[]): (value: number) => string {
  return values.every(Number.isInteger) ? countText : (value) => mean.format(value)
}

/** The English name of a country; the code itself where there is no such country. */
export function countryText(code: string | null): string {
  if (code === null) return 'Unknown'
  return /^[A-Z]{2}$/.test(code) ? (countryNames.of(code) ?? code) : code
}
