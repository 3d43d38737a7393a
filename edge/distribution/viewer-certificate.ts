import { z } from 'zod'

const file = z.string().min(1)

const files = {
  cert: file.describe(
    'PEM file, relative to the configuration, with the certificate chain, the site’s own first. It is read ' +
      'again when it changes.',
  ),
  key: file.describe('PEM file with its private key, without a passphrase.'),
  ocspResponse: file
    .optional()
    .describe(
      'DER file with its OCSP response, which is stapled as long as it is good. Somebody else has to renew it.',
    ),
}

/** CloudFront's ViewerCertificate, but its certificate is in files, not in a service of Amazon's. */
export const viewerCertificate = z.strictObject(files)

/** A certificate and what belongs to it, as files. */
export type ViewerCertificate = z.infer<typeof viewerCertificate>
