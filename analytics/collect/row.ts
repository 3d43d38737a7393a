import type { AsnOf } from '../../edge/geo/database/asn.ts'
import type { FrontedDistribution } from '../settings.ts'
import { createBotFilter } from './bot.ts'
import { isPageView } from './page-view.ts'
import type { RecordText } from './record-line.ts'
import { createSiteOf } from './site.ts'
import { createViewers } from './viewer.ts'

/** ClickHouse's word for "no value" in TSV. */
const NULL = '\\N'

/** What rows are made by. */
export interface RowOptions {
  distributions: readonly FrontedDistribution[]
  asnOf: AsnOf
  /** Whether whoever sends `DNT: 1` or `Sec-GPC: 1` is nobody: billed, but no visitor and no page view. */
  honourDoNotTrack: boolean
}

/** The visitor of what nobody is to be recognised by. */
const NOBODY = '0'

/**
 * Makes rows of `selvedge.access_log` from records: TSV in the order of columns of
 * insert-access-log.sql, with its line feed.
 *
 * Here the viewer's address ends: what goes on is its network and, for a day, the visitor. Also
 * `X-Forwarded-For`, which may hold more addresses, stays behind. The autonomous system is looked up where the
 * record names none.
 *
 * @returns a function that is also given the salt of the record's day
 */
export function createRowOf({
  distributions,
  asnOf,
  honourDoNotTrack,
}: RowOptions): (record: RecordText, salt: string) => string {
  const siteOf = createSiteOf(distributions)
  const isBotAgent = createBotFilter()
  const viewerAt = createViewers(asnOf)

  return (record, salt) => {
    const { userAgent } = record
    const viewer = viewerAt(record.clientIp)
    const isBot = isBotAgent(userAgent)
    const isNobody = honourDoNotTrack && record.doNotTrack === '1'
    const row = [
      secondsOf(record.timeMs),
      record.node,
      record.requestId,
      record.distribution,
      record.host,
      siteOf(record),
      record.method,
      record.scheme,
      record.protocolVersion,
      record.path,
      record.query,
      record.status,
      record.bytesSent,
      record.bytesReceived,
      record.timeTakenUs,
      record.timeToFirstByteUs,
      record.originTimeUs,
      record.resultType,
      record.detailedResultType,
      record.cacheStatus,
      record.contentType,
      record.contentLength || NULL,
      record.rangeStart || NULL,
      record.rangeEnd || NULL,
      viewer.network,
      record.tlsProtocol,
      record.tlsCipher,
      userAgent,
      record.referer,
      record.country,
      record.asn === '0' ? viewer.asn : record.asn,
      record.secFetchDest,
      record.secPurpose,
      isNobody ? NOBODY : viewer.visitorWith(userAgent, salt),
      isBot ? '1' : '0',
      !isNobody && isPageView(record, isBot) ? '1' : '0',
    ]
    return `${row.join('\t')}\n`
  }
}

/** Unix ms as the decimal seconds that ClickHouse reads. */
function secondsOf(timeMs: string): string {
  return `${timeMs.slice(0, -3)}.${timeMs.slice(-3)}`
}
