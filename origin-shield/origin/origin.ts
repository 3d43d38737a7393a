import type { Leaving } from '../../edge/cache/leaving.ts'
import type { Request, Response } from '../../edge/cache/message.ts'

/**
 * Where a distribution's objects come from: a folder, an S3 bucket or an HTTP server.
 */
export interface Origin extends AsyncDisposable {
  /** For an operator's eyes: `folder /srv/www`, `bucket docs at https://…`, `https://origin.example`. */
  readonly name: string
  /**
   * Answers a request whose hop-by-hop fields are already gone.
   *
   * A missing object is a response (404), not an error. Rejects with an `UpstreamError` when no
   * response was had. Aborting the signal ends the exchange and destroys the body.
   */
  fetch(request: Request, signal: Leaving): Promise<Response>
  /** Why it can't be used now, in words for an operator, or `undefined`. Asked once at start; bounded to 5 s. */
  problem(): Promise<string | undefined>
  /** Where a WebSocket or other upgrade goes, when this origin takes upgrades: `http:` or `https:` URL. */
  readonly upgradeUrl?: URL
}
