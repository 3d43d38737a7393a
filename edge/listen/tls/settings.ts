import { z } from 'zod'
import { viewerCertificate } from '../../distribution/viewer-certificate.ts'
import { SECURITY_POLICY_NAMES } from './security-policies.ts'

/** How an edge speaks TLS: with which certificate, where a distribution has none of its own, and how strictly. */
export const tlsSettings = viewerCertificate.extend({
  minimumProtocolVersion: z
    .enum(SECURITY_POLICY_NAMES)
    .optional()
    .describe(
      'CloudFront’s security policy: the oldest version and the ciphers that are spoken. TLS 1.2 with Node’s ' +
        'ciphers when left out. One for all distributions: it is settled before we learn whose viewer it is.',
    ),
})

export type TlsSettings = z.infer<typeof tlsSettings>
