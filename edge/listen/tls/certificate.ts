import { createPrivateKey, type KeyObject, X509Certificate } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { createSecureContext } from 'node:tls'
import type { ViewerCertificate } from '../../distribution/viewer-certificate.ts'
import { ConfigError } from '../../program/errors.ts'
import { type Staple, stapleIn } from './ocsp-response.ts'

/** A certificate as it was read and found usable. Text throughout: it is sent to workers. */
export interface Certificate {
  /** The chain, PEM. */
  cert: string
  /** Its private key, PEM. */
  key: string
  notAfterMs: number
  staple?: Staple
}

/** Files that are to be read, and what they are for. */
export interface NamedCertificate {
  files: ViewerCertificate
  /** How the operator finds the setting that names a file, e.g. `edge.tls.cert` or `--cert`. */
  field(part: keyof ViewerCertificate): string
  /** Names that viewers ask for it by. */
  aliases: readonly string[]
}

/** A certificate, and what is odd about it. */
export interface ReadCertificate {
  certificate: Certificate
  /** Sentences for the operator: it can be used, but viewers may not be content. */
  doubts: string[]
}

/**
 * Reads a certificate and its key, and tries them out.
 *
 * @throws ConfigError when a file can't be read or isn't what it should be, or the two don't belong together
 */
export function readCertificate(named: NamedCertificate, nowMs: number): ReadCertificate {
  const { files, field } = named
  const cert = read(files.cert, field('cert')).toString()
  const key = read(files.key, field('key')).toString()
  const x509 = leafOf(cert, named)
  if (!x509.checkPrivateKey(keyOf(key, named))) {
    throw new ConfigError(
      field('key'),
      `${files.key} is the key of another certificate than the first in ${files.cert}`,
      'Give the key that the certificate was made for. In a chain the site’s own certificate comes first.',
    )
  }
  tryOut({ cert, key }, named)
  const staple = files.ocspResponse === undefined ? undefined : stapleOf(files.ocspResponse, x509, nowMs)
  return {
    certificate: {
      cert,
      key,
      notAfterMs: x509.validToDate.getTime(),
      ...(typeof staple === 'object' && { staple }),
    },
    doubts: [
      ...doubtsAbout(x509, named, nowMs),
      ...(typeof staple === 'string' ? [`${field('ocspResponse')}: ${staple}; nothing is stapled`] : []),
    ],
  }
}

function read(file: string, field: string): Buffer {
  try {
    return readFileSync(file)
  } catch (error) {
    const problem = `${file} can't be read (${(error as Error).message})`
    throw new ConfigError(field, problem, 'Name a PEM file that Selvedge may read.')
  }
}

function leafOf(pem: string, { files, field }: NamedCertificate): X509Certificate {
  try {
    return new X509Certificate(pem)
  } catch (error) {
    throw new ConfigError(
      field('cert'),
      `${files.cert} holds no certificate (${(error as Error).message})`,
      'Name a PEM file that begins with the site’s certificate, those of its issuers below it.',
    )
  }
}

function keyOf(pem: string, { files, field }: NamedCertificate): KeyObject {
  try {
    return createPrivateKey(pem)
  } catch (error) {
    throw new ConfigError(
      field('key'),
      `${files.key} holds no private key that can be read (${(error as Error).message})`,
      'Name a PEM file with the private key; if it has a passphrase, take that off (`openssl pkey`).',
    )
  }
}

/** What OpenSSL minds beyond that: a torn chain, a key that is too short. */
function tryOut(pair: { cert: string; key: string }, { files, field }: NamedCertificate): void {
  try {
    createSecureContext(pair)
  } catch (error) {
    const problem = `${files.cert} can't be used (${(error as Error).message})`
    throw new ConfigError(
      field('cert'),
      problem,
      'Have the certificate issued anew, and name the whole chain.',
    )
  }
}

function stapleOf(file: string, x509: X509Certificate, nowMs: number): Staple | string {
  try {
    const staple = stapleIn(readFileSync(file), x509, nowMs)
    return typeof staple === 'string' ? `${file} ${staple}` : staple
  } catch (error) {
    return `${file} can't be read (${(error as Error).message})`
  }
}

function doubtsAbout(
  x509: X509Certificate,
  { files, field, aliases }: NamedCertificate,
  nowMs: number,
): string[] {
  const { validFromDate, validToDate } = x509
  const about = (sentence: string) => `${field('cert')}: ${files.cert} ${sentence}`
  const uncovered = aliases.filter((alias) => !covers(x509, alias))
  return [
    ...(validToDate.getTime() <= nowMs ? [about(`expired on ${validToDate.toISOString()}`)] : []),
    ...(validFromDate.getTime() > nowMs ? [about(`is not valid before ${validFromDate.toISOString()}`)] : []),
    ...(uncovered.length > 0 ? [about(`is not for ${uncovered.join(', ')}`)] : []),
  ]
}

/** `*.name` is covered if any name there is; of `*` nothing can be said. */
function covers(x509: X509Certificate, alias: string): boolean {
  if (alias === '*') return true
  return x509.checkHost(alias.replace('*', 'any'), { subject: 'never' }) !== undefined
}
