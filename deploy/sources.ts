import { resolve } from 'node:path'
import { ConfigError } from '../edge/program/errors.ts'
import { readSettings } from '../edge/program/settings.ts'
import { type ShieldDistribution, shieldDistribution } from '../origin-shield/distribution-schema.ts'
import type { Options } from './options.ts'

/** Name that a source answers to when `--host` gives none. */
const DEFAULT_HOST = 'site.localhost'

/**
 * The distributions that the command line asks for, one a SOURCE. With several, the first answers to
 * `site.localhost`, the next to `site2.localhost` and so on, unless each gets its `--host`.
 *
 * @throws ConfigError for a source that is none of the three kinds
 */
export function distributionsOf({ sources, host: hosts = [], s3Endpoint }: Options): ShieldDistribution[] {
  if (sources.length === 0 && hosts.length > 0) {
    throw new ConfigError(
      '--host',
      'names no SOURCE',
      'Give a folder, s3://bucket or an http(s):// origin with it.',
    )
  }
  return sources.map((source, at) => {
    const id = at === 0 ? 'site' : `site${at + 1}`
    // One source may answer to several names; several sources get one name each.
    const names = sources.length === 1 ? hosts : hosts.slice(at, at + 1)
    const aliases = names.length > 0 ? names : [DEFAULT_HOST.replace('site', id)]
    const distribution = { id, aliases, origins: [{ id: 'source', ...originOf(source, s3Endpoint) }] }
    return readSettings(shieldDistribution, distribution, `SOURCE ${source}`)
  })
}

function originOf(source: string, s3Endpoint: string | undefined) {
  if (/^https?:\/\//i.test(source)) return { http: { url: source } }
  if (/^s3:\/\//i.test(source)) return { s3: bucketOf(source, s3Endpoint) }
  if (/^[a-z][a-z0-9+.-]*:\/\//i.test(source)) {
    throw new ConfigError(
      `SOURCE ${source}`,
      'has an unknown scheme',
      'Allowed: a folder, s3://, http:// or https://.',
    )
  }
  return { folder: { path: resolve(source) } }
}

function bucketOf(source: string, endpoint: string | undefined) {
  const [bucket = '', ...prefix] = source.slice('s3://'.length).split('/')
  if (bucket === '') {
    throw new ConfigError(
      `SOURCE ${source}`,
      'names no bucket',
      'Write it as s3://bucket or s3://bucket/prefix.',
    )
  }
  return {
    bucket,
    prefix: prefix.filter((part) => part !== '').join('/'),
    ...(endpoint !== undefined && { endpoint }),
    ...(process.env.AWS_REGION !== undefined && { region: process.env.AWS_REGION }),
  }
}
