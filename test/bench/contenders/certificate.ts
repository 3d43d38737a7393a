import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type Certificate, selfSignedCertificate } from '../../../deploy/certificate.ts'
import { HOST } from './contender.ts'

let made: Promise<Certificate> | undefined

/** One certificate for all, so that their handshakes cost the same. */
export function benchCertificate(folder: string): Promise<Certificate> {
  made ??= selfSignedCertificate([HOST], folder)
  return made
}

/** Files of the certificate, of its key, and of both in one, for who wants to read them. */
export async function writeCertificate(folder: string): Promise<{ cert: string; key: string; pem: string }> {
  const { cert, key } = await benchCertificate(folder)
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
