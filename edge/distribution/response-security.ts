import type { ResponseHeadersPolicy } from './policy/response-headers-policy.ts'
import type { FieldToSet } from './response-change.ts'

type SecurityConfig = NonNullable<ResponseHeadersPolicy['securityHeadersConfig']>

/** The fields that browsers are told for safety's sake, as CloudFront words them. */
export function securityFields(config: SecurityConfig): FieldToSet[] {
  const { contentSecurityPolicy, contentTypeOptions, frameOptions, referrerPolicy } = config
  const said: (FieldToSet | undefined)[] = [
    contentSecurityPolicy && {
      name: 'Content-Security-Policy',
      value: contentSecurityPolicy.contentSecurityPolicy,
      override: contentSecurityPolicy.override,
    },
    contentTypeOptions && {
      name: 'X-Content-Type-Options',
      value: 'nosniff',
      override: contentTypeOptions.override,
    },
    frameOptions && {
      name: 'X-Frame-Options',
      value: frameOptions.frameOption,
      override: frameOptions.override,
    },
    referrerPolicy && {
      name: 'Referrer-Policy',
      value: referrerPolicy.referrerPolicy,
      override: referrerPolicy.override,
    },
    transportSecurity(config),
    xssProtection(config),
  ]
  return said.filter((one) => one !== undefined)
}

/** Sent over plain HTTP too, as from CloudFront: browsers ignore it there (RFC 6797 §8.1). */
function transportSecurity({ strictTransportSecurity: given }: SecurityConfig): FieldToSet | undefined {
  if (given === undefined) return undefined
  const parts = [`max-age=${given.accessControlMaxAgeSec}`]
  if (given.includeSubdomains) parts.push('includeSubDomains')
  if (given.preload) parts.push('preload')
  return { name: 'Strict-Transport-Security', value: parts.join('; '), override: given.override }
}

function xssProtection({ xssProtection: given }: SecurityConfig): FieldToSet | undefined {
  if (given === undefined) return undefined
  const parts = [given.protection ? '1' : '0']
  if (given.protection && given.modeBlock) parts.push('mode=block')
  if (given.protection && given.reportUri !== undefined) parts.push(`report=${given.reportUri}`)
  return { name: 'X-XSS-Protection', value: parts.join('; '), override: given.override }
}
