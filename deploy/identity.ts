import { randomBytes } from 'node:crypto'
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { hostname } from 'node:os'
import { join } from 'node:path'

/** Who this machine is, to the others. */
export interface Identity {
  node: string
  /** The key that this machine's programs share. */
  key: string
}

/**
 * The machine's name and key: as configured, else its host name and a random key that is made once
 * and kept under the data directory, readable by its owner only.
 */
export function identityOf(
  given: { node?: string | undefined; key?: string | undefined },
  data: string,
): Identity {
  return { node: given.node ?? nodeName(), key: given.key ?? keptKey(join(data, 'key')) }
}

function nodeName(): string {
  const name = hostname()
    .replace(/[^A-Za-z0-9-]/g, '-')
    .replace(/^-+/, '')
    .slice(0, 63)
  return name === '' ? 'node' : name
}

function keptKey(file: string): string {
  if (!existsSync(file)) {
    mkdirSync(join(file, '..'), { recursive: true })
    writeFileSync(file, `${randomBytes(32).toString('hex')}\n`, { mode: 0o600, flag: 'wx' })
  }
  return readFileSync(file, 'utf8').trim()
}
