import { existsSync, readFileSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import { parse } from 'yaml'
import { z } from 'zod'
import { ConfigError } from '../../edge/program/errors.ts'
import { readSettings } from '../../edge/program/settings.ts'
import { messageOf } from '../clickhouse/failure.ts'
import { analyticsSettings } from '../settings.ts'

const DEFAULT_FILE = 'selvedge.yaml'

const { retentionDays, ranking, honourDoNotTrack, clickhouseUrl, clickhouseCluster, asnDatabase } =
  analyticsSettings.shape

/** What an import needs of `selvedge.yaml`; deploy/config-file.ts has the rest. */
const importConfig = z.object({
  data: z.string().default('./data'),
  edge: z.object({ countryDatabase: z.string().optional() }).prefault({}),
  analytics: z
    .object({ retentionDays, ranking, honourDoNotTrack, clickhouseUrl, clickhouseCluster, asnDatabase })
    .prefault({}),
  distributions: z
    .array(
      z.object({
        id: z.string(),
        aliases: z.array(z.string()).default([]),
        site: z.string().optional(),
        category: z.string().optional(),
      }),
    )
    .default([]),
})

export type ImportConfig = z.infer<typeof importConfig>

/**
 * @param file as given; `selvedge.yaml` if there is one, else nothing, when left out
 * @returns with absolute paths
 * @throws ConfigError
 */
export function readImportConfig(file: string | undefined): ImportConfig {
  if (file === undefined && !existsSync(DEFAULT_FILE)) return importConfig.parse({})
  const path = file ?? DEFAULT_FILE
  const config = readSettings(importConfig, parsed(path), path)
  const from = (name: string) => resolve(dirname(resolve(path)), name)
  const { countryDatabase } = config.edge
  const { asnDatabase: asns } = config.analytics
  return {
    ...config,
    data: from(config.data),
    edge: { countryDatabase: countryDatabase && from(countryDatabase) },
    analytics: { ...config.analytics, asnDatabase: asns && from(asns) },
  }
}

/** Where the embedded ClickHouse of a Selvedge is. @param data its folder */
export function clickhouseFolder(data: string): string {
  return join(resolve(data), 'clickhouse')
}

function parsed(path: string): unknown {
  try {
    return parse(readFileSync(path, 'utf8')) ?? {}
  } catch (error) {
    throw new ConfigError(path, `can't be read (${messageOf(error)})`, 'Give an existing file to --config.')
  }
}
