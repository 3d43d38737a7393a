import type { InvalidatingNode } from './node.ts'

/** A node's metrics of invalidation, in the Prometheus text format. */
export function invalidationMetrics(tier: 'edge' | 'shield', { applied, held }: InvalidatingNode): string {
  const rows = [
    ['invalidations_total', 'counter', 'Invalidations applied since the start.', applied],
    [
      'invalidation_names',
      'gauge',
      'Paths, wildcards and tags that stored responses are held against.',
      held.names,
    ],
    ['invalidation_characters', 'gauge', 'Characters of those names, in each process.', held.characters],
  ] as const
  return rows
    .map(([name, type, help, value]) => {
      const metric = `selvedge_${tier}_${name}`
      return `# HELP ${metric} ${help}\n# TYPE ${metric} ${type}\n${metric} ${value}\n`
    })
    .join('')
}
