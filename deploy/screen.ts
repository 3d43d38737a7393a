import type { ShieldDistribution } from '../origin-shield/distribution-schema.ts'
import type { Config } from './config-file.ts'
import type { ProgramName } from './options.ts'
import type { InternalPort } from './ports.ts'

/** What the screen tells of. */
export interface Running {
  programs: readonly ProgramName[]
  config: Config
  ports: Record<InternalPort, number>
  distributions: readonly ShieldDistribution[]
  data: string
}

/** The one screen that is printed at start: what runs where, and what to open. */
export function screen(running: Running): string {
  const { config, ports, programs, distributions } = running
  const { httpPort, httpsPort } = config.edge
  const { apiPort } = config.analytics
  const has = (program: ProgramName) => programs.includes(program)
  const sites = distributions.map(
    (one) =>
      [one.id, one.aliases.map((alias) => siteUrl(alias, httpPort)).join('  '), originsOf(one)] as const,
  )
  const lines = ['', '  Selvedge: an edge CDN that knows its traffic', '']
  if (has('edge')) lines.push('  Sites', ...table(sites), '')
  if (has('analytics')) {
    const top = distributions.flatMap(({ aliases }) => aliases).find((alias) => !alias.includes('*'))
    const pages = [
      ['rankings', `http://localhost:${apiPort}/`, `and as JSON: /v1/rankings`] as const,
      ...(top === undefined ? [] : [['a site', `http://localhost:${apiPort}/sites/${top}`, ''] as const]),
    ]
    lines.push('  Open', ...table(pages), '')
  }
  const where: (readonly [ProgramName, string, string])[] = [
    ['edge', `:${httpPort} HTTP, :${httpsPort} HTTPS`, adminAt(ports.edgeAdmin)],
    ['origin-shield', `127.0.0.1:${ports.shield}`, adminAt(ports.shieldAdmin)],
    ['analytics', `:${apiPort} API, :${ports.collector} collector`, adminAt(ports.analyticsAdmin)],
    ['thumbnailer', `127.0.0.1:${ports.thumbnailer}`, adminAt(ports.thumbnailerAdmin)],
  ]
  lines.push('  Programs', ...table(where.filter(([program]) => has(program))))
  lines.push('', `  Data in ${running.data}. Ctrl-C stops everything.`, '')
  return lines.join('\n')
}

function adminAt(port: number): string {
  return `admin :${port} /healthz /readyz /metrics`
}

function siteUrl(alias: string, port: number): string {
  if (alias === '*') return `http://localhost:${port}/ under any name`
  return `http://${alias}:${port}/`
}

function originsOf({ origins }: ShieldDistribution): string {
  return origins
    .map((origin) => {
      if ('folder' in origin) return `folder ${origin.folder.path}`
      if ('s3' in origin) return `s3://${[origin.s3.bucket, origin.s3.prefix].filter(Boolean).join('/')}`
      return origin.http.url
    })
    .join(', ')
}

function table(rows: readonly (readonly string[])[]): string[] {
  const widths = [0, 1].map((column) => Math.max(0, ...rows.map((row) => row[column]?.length ?? 0)))
  return rows.map((row) =>
    `    ${row.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join('   ')}`.trimEnd(),
  )
}
