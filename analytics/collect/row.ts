import type { FrontedDistribution } from '../settings.ts'
import type { AsnOf } from './asn.ts'
import { createBotFilter } from './bot.ts'
import { networkOf, plainAddress } from './network.ts'
import { isPageView } from './page-view.ts'
import type { RecordText } from './record-line.ts'
import { remembered } from './remembered.ts'
import { createSiteOf } from './site.ts'
import { type VisitorTraits, visitorOf } from './visitor.ts'

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
  const viewerAt = remembered(
    REMEMBERED_MAX,
    (clientIp: string) => clientIp,
    (clientIp) => viewerOf(clientIp, asnOf),
  )
  const visitorsOf = remembered(
    DAYS_REMEMBERED,
    (salt: string) => salt,
    (salt) =>
      remembered(
        REMEMBERED_MAX,
        ({ address, userAgent }: Omit<VisitorTraits, 'salt'>) => `${address}\n${userAgent}`,
        (of) => visitorOf({ salt, ...of }),
      ),
  )

  return (record, salt) => {
    const { userAgent } = record
    const { address, network, asn } = viewerAt(record.clientIp)
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
      network,
      record.tlsProtocol,
      record.tlsCipher,
      userAgent,
      record.referer,
      record.country,
      record.asn === '0' ? asn : record.asn,
      record.secFetchDest,
      record.secPurpose,
      isNobody ? NOBODY : visitorsOf(salt)({ address, userAgent }),
      Number(isBot),
      Number(!isNobody && isPageView(record, isBot)),
    ]
    return `${row.join('\t')}\n`
  }
}

/** Addresses and visitors remembered: those of a busy hour. */
const REMEMBERED_MAX = 50_000

/** Today's and yesterday's: what is older is forgotten with its salt (see salts.ts). */
const DAYS_REMEMBERED = 2

function viewerOf(clientIp: string, asnOf: AsnOf) {
  const address = plainAddress(clientIp) ?? clientIp
  return { address, network: networkOf(address), asn: asnOf(address) }
}

/** Unix ms as the decimal seconds that ClickHouse reads. */
function secondsOf(timeMs: string): string {
  return `${timeMs.slice(0, -3)}.${timeMs.slice(-3)}`
}
