import { X509Certificate } from 'node:crypto'
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { createSecureContext } from 'node:tls'
import { generate } from 'selfsigned'
import { ConfigError } from '../edge/program/errors.ts'

/** A certificate chain and its key, PEM text. */
export interface Certificate {
  cert: string
  key: string
}

const DAY_MS = 86_400_000
const VALID_DAYS = 365

/**
 * Reads an operator's certificate.
 *
 * @throws ConfigError when a file can't be read or the two don't belong together
 */
export function readCertificate(files: { cert: string; key: string }): Certificate {
  const certificate = { cert: readPem('--cert', files.cert), key: readPem('--key', files.key) }
  try {
    createSecureContext(certificate)
  } catch (error) {
    throw new ConfigError(
      '--cert and --key',
      `${files.cert} and ${files.key} can't be used together (${(error as Error).message})`,
      'Give a PEM certificate chain and the private key that belongs to it.',
    )
  }
  return certificate
}

/**
 * A self-signed certificate for some names, kept in a folder so that a browser that was told to
 * accept it needn't be told again; made anew when the names change or it is about to expire.
 */
export async function selfSignedCertificate(names: readonly string[], folder: string): Promise<Certificate> {
  const files = { cert: join(folder, 'self-signed.pem'), key: join(folder, 'self-signed.key') }
  if (existsSync(files.cert) && existsSync(files.key)) {
    const kept = { cert: readFileSync(files.cert, 'utf8'), key: readFileSync(files.key, 'utf8') }
    if (isFor(kept.cert, names)) return kept
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
  return { cert: made.cert, key: made.private }
}

/** Whether a kept certificate still serves; one that can't even be read doesn't. */
function isFor(pem: string, names: readonly string[]): boolean {
  const certificate = readable(pem)
  if (certificate === undefined) return false
  const lasts = Date.parse(certificate.validTo) > Date.now() + 7 * DAY_MS
  const listed = certificate.subjectAltName?.split(', ') ?? []
  return lasts && names.length === listed.length && names.every((name) => listed.includes(`DNS:${name}`))
}

function readable(pem: string): X509Certificate | undefined {
  try {
    return new X509Certificate(pem)
  } catch {
    return undefined // torn or tampered with: it is made anew
  }
}

function readPem(option: string, file: string): string {
  try {
    return readFileSync(file, 'utf8')
  } catch (error) {
    throw new ConfigError(
      option,
      `${file} can't be read (${(error as Error).message})`,
      'Give an existing PEM file.',
    )
  }
}
