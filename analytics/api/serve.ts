import { type Listening, listenOn } from '../../edge/program/admin.ts'
import { createInfoApi, type InfoApiOptions } from './info-api.ts'

export type { InfoApiOptions } from './info-api.ts'

/**
 * Serves the info API, its OpenAPI document and the pages.
 *
 * @throws PortInUse
 */
export async function serveInfoApi(
  options: InfoApiOptions & { at: { host: string; port: number } },
): Promise<Listening> {
  const app = await createInfoApi(options)
  const listening = await listenOn(app.server, options.at, 'info API and pages', '`--api-port`')
  return {
    port: listening.port,
    async [Symbol.asyncDispose]() {
      app.endStreams()
      await listening[Symbol.asyncDispose]()
      await app.close()
    },
  }
}
