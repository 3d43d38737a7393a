import { basename } from 'node:path'
import type { Geo } from '../../edge/geo/place.ts'
import { ConfigError } from '../../edge/program/errors.ts'
import { fronting } from '../collect/fronting.ts'
import type { RecordText } from '../collect/record-line.ts'
import { remembered } from '../collect/remembered.ts'
import type { FrontedDistribution } from '../settings.ts'
import type { LogLine } from './log-line.ts'
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

const REMEMBERED_MAX = 50_000

/** A record of which nothing is known. */
const UNKNOWN = {
  node: 'import',
  scheme: 'https',
  protocolVersion: '',
  query: '',
  bytesReceived: '0',
  timeTakenUs: '0',
  timeToFirstByteUs: '0',
  originTimeUs: '0',
  resultType: '',
  detailedResultType: '',
  cacheStatus: '',
  contentLength: '',
  rangeStart: '',
  rangeEnd: '',
  clientPort: '0',
  xForwardedFor: '',
  tlsProtocol: '',
  tlsCipher: '',
  userAgent: '',
  referer: '',
  asn: '0',
  secFetchDest: '',
  secPurpose: '',
  doNotTrack: '',
} satisfies Partial<RecordText>

/**
 * Makes records of a file's lines. What a log doesn't tell is as unknown as it would be to an edge, but for the
 * media type, which is guessed by the path (a page view is told by it), and the scheme, which is `https`.
 *
 * @throws ConfigError (the returned function) when neither line nor operator names a host
 */
export function createRecordOfLine(
  options: RecordOfLineOptions,
): (line: LogLine, requestId: string) => RecordText {
  const { file, given, geo, distributions } = options
  const siteOf = new Map(distributions.map(({ id, site }) => [id, site] as const))
  const distributionOf = remembered(REMEMBERED_MAX, (host: string) => host, distributionFinder(options))
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
    return {
      ...UNKNOWN,
      ...line,
      requestId,
      host,
      distribution,
      site: given.site ?? siteOf.get(distribution) ?? '',
      contentType: line.contentType || probableMediaType(line.path),
      clientIp,
      userAgent: copied(line.userAgent ?? ''),
      country: line.country || country,
    }
  }
}

/** The one that was given, that answers to the host, that the file is named after, or none of ours. */
function distributionFinder({ given, distributions, file }: RecordOfLineOptions): (host: string) => string {
  const delivered = DELIVERED.exec(basename(file))?.[1]
  return (host) => given.distribution ?? fronting(host, distributions)?.id ?? delivered ?? IMPORTED
}
