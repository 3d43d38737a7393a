import { type Fields, firstValue } from '../cache/fields.ts'
import { deviceOf, isDeviceHeader } from './device.ts'
import type { Asked, ViewerPlace } from './forwarded.ts'
import type { ViewerDetails } from './viewer-details.ts'

/** Headers that take a city database, lower case. */
const BY_CITY: ReadonlySet<string> = new Set([
  'cloudfront-viewer-city',
  'cloudfront-viewer-country-region',
  'cloudfront-viewer-country-region-name',
  'cloudfront-viewer-latitude',
  'cloudfront-viewer-longitude',
  'cloudfront-viewer-metro-code',
  'cloudfront-viewer-postal-code',
  'cloudfront-viewer-time-zone',
])

/** Which databases are needed, beside that of countries, for headers that policies list. @param names lower case */
export function databasesFor(names: readonly string[]): { city: boolean; asn: boolean } {
  return { city: names.some((name) => BY_CITY.has(name)), asn: names.includes('cloudfront-viewer-asn') }
}

/**
 * What we know of a header that CloudFront adds where a policy lists it; `undefined` when nothing, and it is left out.
 *
 * @param name in lower case
 * @param fields the viewer's
 */
export function cloudfrontValue(
  name: string,
  viewer: ViewerPlace,
  asked: Asked,
  fields: Fields,
): string | undefined {
  if (isDeviceHeader(name)) return deviceOf(name, firstValue(fields, 'user-agent') ?? '')
  switch (name) {
    case 'cloudfront-forwarded-proto':
      return asked.scheme
    case 'cloudfront-viewer-address':
      return `${viewer.address}:${viewer.port}`
    case 'cloudfront-viewer-country':
      return viewer.country === '' ? undefined : viewer.country
    case 'cloudfront-viewer-country-name':
      return viewer.country === '' ? undefined : countryName(viewer.country)
    case 'cloudfront-viewer-http-version':
      return asked.protocolVersion
    default:
      return viewer.details === undefined ? undefined : detailIn(name, viewer.details())
  }
}

function detailIn(name: string, details: ViewerDetails): string | undefined {
  const value = detail(name, details)
  return value === undefined || value === '' ? undefined : asciiOnly(value)
}

function detail(name: string, { coordinates, asn, ...of }: ViewerDetails): string | undefined {
  switch (name) {
    case 'cloudfront-viewer-asn':
      return asn === 0 ? undefined : String(asn)
    case 'cloudfront-viewer-city':
      return of.city
    case 'cloudfront-viewer-country-region':
      return of.region
    case 'cloudfront-viewer-country-region-name':
      return of.regionName
    case 'cloudfront-viewer-latitude':
      return coordinates?.latitude.toFixed(5)
    case 'cloudfront-viewer-longitude':
      return coordinates?.longitude.toFixed(5)
    case 'cloudfront-viewer-metro-code':
      return of.metroCode
    case 'cloudfront-viewer-postal-code':
      return of.postalCode
    case 'cloudfront-viewer-time-zone':
      return of.timeZone
    default:
      return undefined
  }
}

const names = new Intl.DisplayNames(['en'], { type: 'region' })

function countryName(country: string): string | undefined {
  const name = names.of(country)
  return name === undefined || name === country ? undefined : asciiOnly(name)
}

/** Bytes that aren't ASCII are percent-encoded, as CloudFront does: a database's text is no reason for odd bytes. */
function asciiOnly(text: string): string {
  return text.replace(/[^\x20-\x7e]+/gu, (odd) => encodeURIComponent(odd.toWellFormed()))
}
