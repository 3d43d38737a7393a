import type { Outcome } from './run.ts'
import { tableOf } from './table.ts'

/** A scenario's figures as Markdown. */
export function detailsOf({ scenario, measured, leftOut }: Outcome): string {
  const peer = measured.find(({ contender }) => contender.id === 'nginx')
  const lines = [`## ${scenario.title}`, '', tableOf(measured, peer), '']
  if (leftOut.length > 0) lines.push(`Left out: ${leftOut.join('; ')}.`, '')
  return lines.join('\n')
}
