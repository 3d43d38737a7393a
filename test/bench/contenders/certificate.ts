import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { selfSignedCertificate } from '../../../deploy/certificate.ts'
import { HOST } from './contender.ts'

/** One certificate for all, so that their handshakes cost the same. PEM text: folders come and go. */
let made: Promise<{ cert: string; key: string }> | undefined

async function make(folder: string): Promise<{ cert: string; key: string }> {
  const { cert, key } = await selfSignedCertificate([HOST], folder)
  return { cert: readFileSync(cert, 'utf8'), key: readFileSync(key, 'utf8') }
}

/** Files of the certificate, of its key, and of both in one, for who wants to read them. */
export async function writeCertificate(folder: string): Promise<{ cert: string; key: string; pem: string }> {
  made ??= make(folder)
  const { cert, key } = await made
  const files = {
    cert: join(folder, 'cert.pem'),
    key: join(folder, 'key.pem'),
    pem: join(folder, 'both.pem'),
  }
  writeFileSync(files.cert, cert)
  writeFileSync(files.key, key)
  writeFileSync(files.pem, `${cert}\n${key}`)
  return files
}
