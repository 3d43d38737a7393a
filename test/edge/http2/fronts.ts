import type { Http2Use } from '../../../edge/listen/settings.ts'
import { type House, houseInFrontOf } from '../house.ts'
import { type CertificateFiles, certificateFiles, http2Client } from '../http2-client.ts'
import type { Site } from '../site.ts'
import { manyAnswers } from './origin.ts'

/** An edge that keeps `/hit` and `/large`, and what is behind it. */
export interface WarmFront extends AsyncDisposable {
  origin: Site
  house: House
  port: number
}

/** @param more as for a house */
export async function warmFront(
  http2: Http2Use,
  more: Parameters<typeof houseInFrontOf>[1] = {},
): Promise<WarmFront> {
  const files: CertificateFiles = await certificateFiles()
  const origin = await manyAnswers()
  const house = await houseInFrontOf(origin.url, { tls: files.tls, http2, ...more })
  {
    await using viewer = await http2Client(house.securePort)
    for (const path of ['/hit', '/large']) await viewer.ask({ path })
  }
  return {
    origin,
    house,
    port: house.securePort,
    async [Symbol.asyncDispose]() {
      await house[Symbol.asyncDispose]()
      await origin[Symbol.asyncDispose]()
      await files[Symbol.asyncDispose]()
    },
  }
}
