import { basename } from 'node:path'
import type { Geo } from '../../edge/geo/place.ts'
import { ConfigError } from '../../edge/program/errors.ts'
import { fronting } from '../collect/fronting.ts'
import type { FrontedDistribution } from '../settings.ts'
import type { LogLine, RecordText } from './log-line.ts'
import { probableMediaType } from './media-type.ts'
import { createCopies, createPlaces } from './viewers.ts'

/** What the operator says of files that don't say it themselves. */
export interface Given {
  /** Host of lines that name none. */
  host?: string | undefined
  /** Distribution that they count for, whatever their host. */
  distribution?: string | undefined
  /** Site that they count for, whatever their host. */
  site?: string | undefined
}

export interface RecordOfLineOptions {
  file: string
  given: Given
  distributions: readonly FrontedDistribution[]
  geo: Geo
}

/** Distribution of what none of ours fronts. */
const IMPORTED = 'imported'

/** Delivered files are called `DISTRIBUTION.2026-11-26-13.unique.gz`. */
const DELIVERED = /^([\w-]{1,128})\.\d{4}-\d\d-\d\d-\d\d\./

/**
 * Makes records of a file's lines, as an edge would write them. What a log doesn't tell is as unknown as it would be to an edge, but for the
 * media type, which is guessed by the path (a page view is told by it), and the scheme, which is `https`.
 *
 * @throws ConfigError (the returned function) when neither line nor operator names a host
 */
export function createRecordOfLine(
  options: RecordOfLineOptions,
): (line: LogLine, requestId: string) => string {
  const { file, given, geo, distributions } = options
  const siteOf = new Map(distributions.map(({ id, site }) => [id, site] as const))
  const distributionOf = rememberedByHost(distributionFinder(options))
  const placeOf = createPlaces(geo)
  const copied = createCopies()

  return (line, requestId) => {
    const named = line.host || given.host
    if (named === undefined) {
      throw new ConfigError(file, 'its lines name no host', 'Say whose log it is with --host NAME.')
    }
    const host = copied(named)
    const distribution = distributionOf(host)
    const { clientIp, country } = placeOf(line.clientIp)
    const site = given.site ?? siteOf.get(distribution) ?? ''
    const contentType = line.contentType || probableMediaType(line.path)
    return recordLine({ requestId, distribution, host, site, contentType, clientIp, country }, line)
  }
}

/** What a record says beside what is on its line. */
type Derived = Pick<
  RecordText,
  'requestId' | 'distribution' | 'host' | 'site' | 'contentType' | 'clientIp' | 'country'
>

/**
 * A record in the order of RECORD_COLUMNS (a test reads it by them), with its line feed. To put together an object of
 * those of line and record first took longer than all else.
 */
function recordLine(
  { requestId, distribution, host, site, contentType, clientIp, country }: Derived,
  line: LogLine,
) {
  const { timeMs, node = 'import', method, scheme = 'https', protocolVersion = '', path, query = '' } = line
  const { status, bytesSent, bytesReceived = '0', timeTakenUs = '0', timeToFirstByteUs = '0' } = line
  const {
    resultType = '',
    detailedResultType = '',
    contentLength = '',
    rangeStart = '',
    rangeEnd = '',
  } = line
  const { clientPort = '0', tlsProtocol = '', tlsCipher = '', userAgent = '', referer = '' } = line
  return (
    `${timeMs}\t${node}\t${requestId}\t${distribution}\t${host}\t${site}\t${method}\t${scheme}\t` +
    `${protocolVersion}\t${path}\t${query}\t${status}\t${bytesSent}\t${bytesReceived}\t${timeTakenUs}\t` +
    `${timeToFirstByteUs}\t0\t${resultType}\t${detailedResultType}\t\t${contentType}\t${contentLength}\t` +
    `${rangeStart}\t${rangeEnd}\t${clientIp}\t${clientPort}\t\t${tlsProtocol}\t${tlsCipher}\t${userAgent}\t` +
    `${referer}\t${line.country || country}\t0\t\t\t\n`
  )
}

/** Hosts remembered; who makes them up gains nothing. */
const HOSTS_MAX = 10_000

function rememberedByHost(find: (host: string) => string): (host: string) => string {
  const known = new Map<string, string>()
  return (host) => {
    const before = known.get(host)
    if (before !== undefined) return before
    if (known.size >= HOSTS_MAX) known.clear()
    const found = find(host)
    known.set(host, found)
    return found
  }
}

/** The one that was given, that answers to the host, that the file is named after, or none of ours. */
function distributionFinder({ given, distributions, file }: RecordOfLineOptions): (host: string) => string {
  const delivered = DELIVERED.exec(basename(file))?.[1]
  return (host) => given.distribution ?? fronting(host, distributions)?.id ?? delivered ?? IMPORTED
}
