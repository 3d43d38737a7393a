import { createPrivateKey, X509Certificate } from 'node:crypto'
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { generate } from 'selfsigned'
import type { Distribution } from '../edge/distribution/schema.ts'
import type { ViewerCertificate } from '../edge/distribution/viewer-certificate.ts'
import { readCertificate } from '../edge/listen/tls/certificate.ts'
import { namedCertificates } from '../edge/listen/tls/named-certificates.ts'

const DAY_MS = 86_400_000
const VALID_DAYS = 365

/**
 * Reads all certificates that an edge is to have, as it would.
 *
 * @param file of the configuration, for messages
 * @param tlsPrefix what stands before `cert` and `key` where those of the edge itself are named
 * @returns doubts about some that can be used all the same
 * @throws ConfigError naming the field whose file can't be read or used
 */
export function checkCertificates(
  named: { tls: ViewerCertificate | undefined; distributions: readonly Distribution[] },
  file: string,
  tlsPrefix = `${file}: edge.tls.`,
): string[] {
  const prefixes = { tls: tlsPrefix, distributions: `${file}: distributions` }
  return namedCertificates(named, prefixes).flatMap((one) => readCertificate(one, Date.now()).doubts)
}

/**
 * A self-signed certificate for some names, kept in a folder so that a browser that was told to
 * accept it needn't be told again; made anew when the names change or it is about to expire.
 *
 * @returns its files
 */
export async function selfSignedCertificate(
  names: readonly string[],
  folder: string,
): Promise<ViewerCertificate> {
  const files = { cert: join(folder, 'self-signed.pem'), key: join(folder, 'self-signed.key') }
  if (existsSync(files.cert) && existsSync(files.key)) {
    if (isFor(readFileSync(files.cert), readFileSync(files.key), names)) return files
  }
  const made = await generate([{ name: 'commonName', value: names[0] ?? 'localhost' }], {
    keyType: 'ec',
    algorithm: 'sha256',
    notAfterDate: new Date(Date.now() + VALID_DAYS * DAY_MS),
    extensions: [{ name: 'subjectAltName', altNames: names.map((value) => ({ type: 2 as const, value })) }],
  })
  mkdirSync(folder, { recursive: true })
  writeFileSync(files.key, made.private, { mode: 0o600 })
  writeFileSync(files.cert, made.cert)
  return files
}

/** Whether a kept certificate still serves; one that can't even be read doesn't. */
function isFor(cert: Buffer, key: Buffer, names: readonly string[]): boolean {
  const certificate = readable(cert, key)
  if (certificate === undefined) return false
  const lasts = Date.parse(certificate.validTo) > Date.now() + 7 * DAY_MS
  const listed = certificate.subjectAltName?.split(', ') ?? []
  return lasts && names.length === listed.length && names.every((name) => listed.includes(`DNS:${name}`))
}

function readable(cert: Buffer, key: Buffer): X509Certificate | undefined {
  try {
    const certificate = new X509Certificate(cert)
    return certificate.checkPrivateKey(createPrivateKey(key)) ? certificate : undefined
  } catch {
    return undefined // torn or tampered with: it is made anew
  }
}
