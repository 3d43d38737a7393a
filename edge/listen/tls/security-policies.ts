import type { SecureContextOptions } from 'node:tls'

const FORWARD_SECRET_GCM = [
  'ECDHE-ECDSA-AES128-GCM-SHA256',
  'ECDHE-RSA-AES128-GCM-SHA256',
  'ECDHE-ECDSA-AES256-GCM-SHA384',
  'ECDHE-RSA-AES256-GCM-SHA384',
]
const FORWARD_SECRET_CHACHA20 = ['ECDHE-ECDSA-CHACHA20-POLY1305', 'ECDHE-RSA-CHACHA20-POLY1305']
const FORWARD_SECRET_CBC = [
  'ECDHE-ECDSA-AES128-SHA256',
  'ECDHE-RSA-AES128-SHA256',
  'ECDHE-ECDSA-AES256-SHA384',
  'ECDHE-RSA-AES256-SHA384',
]
const RSA_KEY_EXCHANGE = ['AES128-GCM-SHA256', 'AES256-GCM-SHA384', 'AES128-SHA256']

const TLS13_AES = ['TLS_AES_128_GCM_SHA256', 'TLS_AES_256_GCM_SHA384']
const TLS13 = [...TLS13_AES, 'TLS_CHACHA20_POLY1305_SHA256']

interface SecurityPolicy {
  minVersion: 'TLSv1.2' | 'TLSv1.3'
  ciphers: readonly string[]
}

/** CloudFront's security policies, less those with TLS 1.1 and older (RFC 8996). What is first is preferred. */
const POLICIES = {
  'TLSv1.2_2018': {
    minVersion: 'TLSv1.2',
    ciphers: [
      ...TLS13,
      ...FORWARD_SECRET_GCM,
      ...FORWARD_SECRET_CHACHA20,
      ...FORWARD_SECRET_CBC,
      ...RSA_KEY_EXCHANGE,
    ],
  },
  'TLSv1.2_2019': {
    minVersion: 'TLSv1.2',
    ciphers: [...TLS13, ...FORWARD_SECRET_GCM, ...FORWARD_SECRET_CHACHA20, ...FORWARD_SECRET_CBC],
  },
  'TLSv1.2_2021': {
    minVersion: 'TLSv1.2',
    ciphers: [...TLS13, ...FORWARD_SECRET_GCM, ...FORWARD_SECRET_CHACHA20],
  },
  'TLSv1.2_2025': { minVersion: 'TLSv1.2', ciphers: [...TLS13, ...FORWARD_SECRET_GCM] },
  'TLSv1.3_2025': { minVersion: 'TLSv1.3', ciphers: TLS13_AES },
} as const satisfies Record<string, SecurityPolicy>

export type SecurityPolicyName = keyof typeof POLICIES

export const SECURITY_POLICY_NAMES = Object.keys(POLICIES) as SecurityPolicyName[]

/** What Node has to be told of a policy. Without one: TLS 1.2 and 1.3 with Node's own choice of ciphers. */
export function policyOptions(
  name: SecurityPolicyName | undefined,
): Pick<SecureContextOptions, 'minVersion' | 'ciphers'> {
  if (name === undefined) return { minVersion: 'TLSv1.2' }
  const { minVersion, ciphers } = POLICIES[name]
  return { minVersion, ciphers: ciphers.join(':') }
}
