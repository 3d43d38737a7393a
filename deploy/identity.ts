import { randomBytes } from 'node:crypto'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { hostname } from 'node:os'
import { join } from 'node:path'
import { ConfigError } from '../edge/program/errors.ts'

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
    writeFileSync(file, `${randomBytes(32).toString('hex')}\n`, { mode: 0o600, flag: 'wx' })
  }
  const key = readFileSync(file, 'utf8').trim()
  if (key.length >= 32) return key
  throw new ConfigError(file, 'holds no key of 32 characters or more', 'Delete it, and a new one is made.')
}
