/**
 * `npm run invalidate`: drops cached responses on every node. Asks the edge of this machine, which tells
 * all the others, and prints a line for each.
 */
import { existsSync } from 'node:fs'
import { resolve } from 'node:path'
import { Command, CommanderError } from 'commander'
import { z } from 'zod'
import { askNode, NodeFailed } from '../edge/invalidation/ask-node.ts'
import { ConfigError, describeError, SelvedgeError } from '../edge/program/errors.ts'
import { type Config, readConfig } from './config-file.ts'
import { identityOf } from './identity.ts'
import { adminUrl } from './plan.ts'
import { rememberedPorts } from './ports.ts'

/** How long all nodes together may take, ms. */
const ANSWER_MS_MAX = 30_000

const HELP_AFTER = `
Examples:
  npm run invalidate -- --distribution docs /news/index.html '/images/*' '#frontpage'
  npm run invalidate -- --distribution docs '/*' --soft
                                        everything, and what is there may still be served as stale

A path without a query is for all its queries; a tag is one of Cache-Tag or Surrogate-Key.
Status 0: every node has applied it. 1: one has not; it is asked again for 10 minutes. 2: it can't be asked for.
`

interface Options {
  distribution: string
  soft: boolean
  config?: string
  data?: string
  node?: string
  reference?: string
}

/** What the node answers; `detail` and `field` when it refuses. */
const answerSchema = z.object({
  id: z.string().optional(),
  tookMs: z.number().optional(),
  detail: z.string().optional(),
  field: z.string().optional(),
  nodes: z
    .array(
      z.object({
        tier: z.string(),
        url: z.string().optional(),
        node: z.string().optional(),
        status: z.string(),
        processes: z.array(z.unknown()).optional(),
        problem: z.string().optional(),
        tookMs: z.number(),
      }),
    )
    .default([]),
})

type NodeAnswered = z.infer<typeof answerSchema>['nodes'][number]

try {
  process.exitCode = await run(process.argv.slice(2))
} catch (error) {
  process.stderr.write(`${describeError(error)}\n`)
  process.exitCode = error instanceof SelvedgeError ? 2 : 1
}

/** @returns the exit status */
async function run(argv: readonly string[]): Promise<number> {
  const { options, paths } = readArguments(argv)
  const read = readConfig(options.config)
  const config = { ...read, data: resolve(options.data ?? read.data) }
  if (!existsSync(config.data)) {
    throw new ConfigError('--data', `${config.data} isn't there`, 'Name the folder of a Selvedge that runs.')
  }
  const url = options.node ?? nodeOf(config)
  const { key } = identityOf(config, config.data)
  const { distribution, soft, reference } = options
  const body = { distribution, paths, soft, ...(reference !== undefined && { callerReference: reference }) }
  const answer = await asked(url, body, key)
  if (answer.detail !== undefined) {
    throw new ConfigError(
      answer.field ?? url,
      answer.detail,
      'npm run invalidate -- --help tells how to ask.',
    )
  }
  const failed = answer.nodes.filter(({ status }) => status !== 'applied')
  for (const node of answer.nodes) process.stdout.write(`${lineOf(node)}\n`)
  const total = `${answer.nodes.length - failed.length} of ${answer.nodes.length} nodes, ${answer.tookMs} ms`
  process.stdout.write(`${answer.id}: ${total}\n`)
  return failed.length === 0 ? 0 : 1
}

async function asked(url: string, body: unknown, key: string): Promise<z.infer<typeof answerSchema>> {
  try {
    const answer = await askNode(url, { path: '/invalidations', body }, { key, msMax: ANSWER_MS_MAX })
    return answerSchema.parse(answer.body)
  } catch (error) {
    if (!(error instanceof NodeFailed)) throw error
    throw new ConfigError(url, error.message, 'Start Selvedge, or name a node of it with --node URL.')
  }
}

function readArguments(argv: readonly string[]): { options: Options; paths: string[] } {
  const command = new Command('npm run invalidate --')
    .description('Drops cached responses of one distribution on every node.')
    .argument('<PATH...>', "paths, '*' at the end for all that begin so; '#tag' for a tag")
    .requiredOption('--distribution <id>', 'whose')
    .option(
      '--soft',
      'make them stale instead: they are asked about again, and served where stale ones may be',
      false,
    )
    .option('--reference <text>', 'asking again with the same text is no new invalidation')
    .option('--config <file>', 'configuration (default: selvedge.yaml if present)')
    .option('--data <dir>', 'where everything is kept (default: ./data)')
    .option('--node <url>', 'admin port to ask (default: the edge of this machine)')
    .addHelpText('after', HELP_AFTER)
    .exitOverride()
    .configureOutput({ writeErr: () => undefined })
  try {
    command.parse(argv, { from: 'user' })
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error
    if (error.exitCode === 0) process.exit(0)
    const problem = error.message.replace(/^error: /, '')
    throw new ConfigError('command line', problem, 'npm run invalidate -- --help tells how to ask.')
  }
  return { options: command.opts<Options>(), paths: command.args }
}

/** The admin port of this machine's edge: as configured, or as the running Selvedge wrote it down. */
function nodeOf({ edge, data }: Config): string {
  const port = edge.admin?.port ?? rememberedPorts(data)?.edgeAdmin
  if (port !== undefined) return adminUrl(edge.admin, port)
  throw new ConfigError('--node', `nothing ran on ${data} yet`, 'Name the admin port of a node.')
}

function lineOf({ tier, url, node, status, processes = [], problem, tookMs }: NodeAnswered): string {
  const where = `${tier.padEnd(6)}  ${node ?? url}`
  if (status !== 'applied') return `${where}  failed: ${problem}  ${tookMs} ms`
  const workers = processes.length === 0 ? '' : `  ${processes.length} workers`
  return `${where}  ${status}${workers}  ${tookMs} ms`
}
