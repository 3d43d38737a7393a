import type { ListenLimits } from '../settings.ts'
import { CODE, ConnectionError } from './frames.ts'

/** What came over a connection broke a limit of ours, which ends it (RFC 9113 §7, ENHANCE_YOUR_CALM). */
export class LimitBroken extends ConnectionError {
  readonly limit: keyof ListenLimits

  constructor(limit: keyof ListenLimits) {
    super(CODE.enhanceYourCalm, `what came is beyond limits.${limit}`)
    this.limit = limit
  }
}
