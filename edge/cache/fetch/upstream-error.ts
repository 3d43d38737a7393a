import { SelvedgeError } from '../../program/errors.ts'

/**
 * Why no response was had from upstream. The words are CloudFront's (`x-edge-detailed-result-type`);
 * `Cache-Status` (as `detail`), the log record and the metric's label use them as they are.
 */
export type UpstreamFailure =
  | 'OriginConnectError'
  | 'OriginDnsError'
  | 'OriginTimeoutError'
  | 'OriginReadError'
  | 'OriginInvalidResponseError'
  | 'OriginUnauthorizedError'
  | 'OriginError'

/** No usable response from upstream. A stale response may be served instead (RFC 5861 §4), else 502 or 504. */
export class UpstreamError extends SelvedgeError {
  readonly code = 'SELVEDGE_UPSTREAM'
  readonly failure: UpstreamFailure
  override readonly status: number
  override readonly publicMessage: string
  readonly remedy: string

  /** @param where the origin or shield, in words for an operator's log, e.g. `bucket docs at http://…` */
  constructor(failure: UpstreamFailure, where: string, options?: ErrorOptions & { remedy?: string }) {
    super(
      `${where}: ${failure}${options?.cause instanceof Error ? ` (${options.cause.message})` : ''}`,
      options,
    )
    this.failure = failure
    this.status = failure === 'OriginTimeoutError' ? 504 : 502
    this.publicMessage =
      failure === 'OriginTimeoutError'
        ? 'The origin did not answer in time.'
        : 'The origin could not be reached.'
    this.remedy = options?.remedy ?? 'Check that the origin is up and reachable from the shield.'
  }
}
