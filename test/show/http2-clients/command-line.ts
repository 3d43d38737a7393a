import { spawn } from 'node:child_process'
import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { buffer, text } from 'node:stream/consumers'
import { findTool, ToolMissing } from '../../bench/tools.ts'
import { type Candidate, must, type World } from './client.ts'
import { DOWNLOAD_BYTES, keptPart } from './origin.ts'

/** How long one run of a program may take, ms. */
const RUN_MS_MAX = 60_000

/** @throws ToolMissing */
function toolOf(name: string, debianPackage: string): string {
  const tool = findTool(name)
  if (tool === undefined) throw new ToolMissing(name, 'a client', debianPackage)
  return tool
}

/** Runs a program. @returns what it printed, and its exit status */
async function run(program: string, args: readonly string[]): Promise<{ output: Buffer; status: number }> {
  const child = spawn(program, args, { stdio: ['ignore', 'pipe', 'pipe'], timeout: RUN_MS_MAX })
  const [output, errors, [status]] = await Promise.all([
    buffer(child.stdout),
    text(child.stderr),
    once(child, 'close'),
  ])
  if (status === null) throw new Error(`it did not end in time: ${errors.slice(-200)}`)
  return { output, status }
}

/** Runs a program that prints a download. @returns its SHA-256 */
async function hashOf(program: string, args: readonly string[]): Promise<string> {
  const child = spawn(program, args, { stdio: ['ignore', 'pipe', 'ignore'], timeout: RUN_MS_MAX })
  const hash = createHash('sha256')
  for await (const chunk of child.stdout) hash.update(chunk as Buffer)
  return hash.digest('hex')
}

function checkUpload(output: Buffer, { upload }: World): string {
  must(
    output.toString().trim() === upload.hash,
    `the origin got other bytes: ${output.toString().slice(0, 80)}`,
  )
  return 'the same bytes'
}

function checkDownload(hash: string, { downloadHash }: World): string {
  must(hash === downloadHash, 'other bytes came')
  return 'the same bytes'
}

function checkPart(output: Buffer): string {
  must(output.equals(keptPart(500_000, 501_023)), `${output.byteLength} bytes came, or others`)
  return '1,024 bytes, the right ones'
}

/** curl, made to speak HTTP/2. */
export const CURL: Candidate = {
  name: 'curl',
  async start(world) {
    const curl = toolOf('curl', 'curl')
    const common = ['--silent', '--insecure', '--http2']
    return {
      name: 'curl --http2',
      tasks: {
        async page() {
          const list = join(world.folder, 'curl.txt')
          const lines = world.page.paths.map((path) => `url = "${world.url}${path}"\noutput = "/dev/null"\n`)
          writeFileSync(list, lines.join(''))
          const told = ['--write-out', '%{http_version} %{http_code} %{size_download}\n']
          const parallel = ['--parallel', '--parallel-max', '100', '--config', list]
          const { output } = await run(curl, [...common, ...told, ...parallel])
          const rows = output.toString().trim().split('\n')
          const good = rows.filter((row) => row.startsWith('2 200 '))
          const bytes = good.reduce((sum, row) => sum + Number(row.split(' ')[2]), 0)
          must(good.length === world.page.paths.length, `${good.length} of ${rows.length} came`)
          must(bytes === world.page.bytes, `${bytes} bytes came`)
          return `${good.length} responses`
        },
        async upload() {
          const body = ['--data-binary', `@${world.upload.file}`, '-H', 'Expect:']
          const { output } = await run(curl, [...common, ...body, `${world.url}/upload`])
          return checkUpload(output, world)
        },
        download: async () => checkDownload(await hashOf(curl, [...common, `${world.url}/download`]), world),
        async range() {
          const range = ['--range', '500000-501023']
          return checkPart((await run(curl, [...common, ...range, `${world.url}/kept`])).output)
        },
        async cancelled() {
          const urls = ['/download', '/kept'].flatMap((path) => [
            '--output',
            '/dev/null',
            `${world.url}${path}`,
          ])
          const told = ['--write-out', '%{http_code} %{num_connects}\n', '--max-filesize', '2000000']
          const { output } = await run(curl, [...common, ...told, ...urls])
          const [, second] = output.toString().trim().split('\n')
          must(second === '200 0', `after a download that was left: ${second}`)
          return 'the connection goes on'
        },
      },
      async [Symbol.asyncDispose]() {},
    }
  },
}

/** Statuses and paths out of `nghttp --stat`. */
function statisticsOf(output: Buffer): { status: string; path: string }[] {
  return output
    .toString()
    .split('\n')
    .flatMap((line) => {
      const found = /^\s*\d+\s+\S+\s+\*?\s*\S+\s+\S+\s+(\d{3})\s+\S+\s+(\/\S*)$/.exec(line)
      return found === null ? [] : [{ status: found[1] as string, path: found[2] as string }]
    })
}

/** nghttp, with what it can do to a server. */
export const NGHTTP: Candidate = {
  name: 'nghttp',
  async start(world) {
    const nghttp = toolOf('nghttp', 'nghttp2-client')
    const quiet = ['--no-verify-peer', '--timeout=60']
    const large = ['--window-bits=20', '--connection-window-bits=24']
    const all = async (args: readonly string[], wanted: number, status = '200') => {
      const { output } = await run(nghttp, [...quiet, '--null-out', '--stat', ...args])
      const rows = statisticsOf(output)
      const good = rows.filter((row) => row.status === status)
      must(good.length === wanted, `${good.length} of ${rows.length} had status ${status}, not ${wanted}`)
      return `${wanted} responses`
    }
    const parts = world.page.paths.length
    return {
      name: 'nghttp',
      tasks: {
        'page (-a)': () => all(['--get-assets', `${world.url}/page`], parts),
        'page, padded (-b 255)': () => all(['--get-assets', '--padding=255', `${world.url}/page`], parts),
        'page, tables of 0 and of 64 KB': async () => {
          await all(['--get-assets', '--header-table-size=0', `${world.url}/page`], parts)
          const sizes = [
            '--header-table-size=0',
            '--header-table-size=64K',
            '--encoder-header-table-size=64K',
          ]
          return all(['--get-assets', ...sizes, `${world.url}/page`], parts)
        },
        '500 times (-m)': () => all(['--multiply=500', `${world.url}/picture/1`], 500),
        // Characters that Huffman's code makes longer, so that they are sent as they are: 17 KB in two frames.
        'a head in CONTINUATION': () =>
          all([`--header=x: ${'{|}~'.repeat(4_300)}`, `${world.url}/picture/1`], 1),
        // Six fields of 4 KB are more than a head may have, as over HTTP/1.1.
        'too large a head (--continuation)': () =>
          all(['--continuation', `${world.url}/picture/1`, `${world.url}/picture/2`], 2, '413'),
        async upload() {
          const { output } = await run(nghttp, [
            ...quiet,
            `--data=${world.upload.file}`,
            `${world.url}/upload`,
          ])
          return checkUpload(output, world)
        },
        async 'upload, padded, with trailers'() {
          const more = ['--padding=100', '--trailer=x-after: all', '--no-content-length']
          const body = `--data=${world.upload.file}`
          const { output } = await run(nghttp, [...quiet, ...more, body, `${world.url}/upload`])
          return checkUpload(output, world)
        },
        // Not with --expect-continue: nghttp 1.52 fails by itself when a body takes it longer than a second then.
        download: async () =>
          checkDownload(await hashOf(nghttp, [...quiet, ...large, `${world.url}/download`]), world),
        async range() {
          const range = '--header=range: bytes=500000-501023'
          return checkPart((await run(nghttp, [...quiet, range, `${world.url}/kept`])).output)
        },
      },
      async [Symbol.asyncDispose]() {},
    }
  },
}

/** h2load: many at once. */
export const H2LOAD: Candidate = {
  name: 'h2load',
  async start(world) {
    const h2load = toolOf('h2load', 'nghttp2-client')
    const load = async (args: readonly string[], requests: number, bytes: number) => {
      const { output } = await run(h2load, [...args, `--requests=${requests}`])
      const report = output.toString()
      const good = /(\d+) 2xx, 0 3xx, 0 4xx, 0 5xx/.exec(report)?.[1]
      const got = /\((\d+)\) data$/m.exec(report)?.[1]
      must(Number(good) === requests, `${good} of ${requests} were answered with 200`)
      must(bytes === 0 || Number(got) === bytes, `${got} bytes came, not ${bytes}`)
      return `${requests} responses`
    }
    return {
      name: 'h2load',
      tasks: {
        async 'page, fifty times'() {
          const list = join(world.folder, 'h2load.txt')
          writeFileSync(list, world.page.paths.map((path) => `${world.url}${path}\n`).join(''))
          const many = ['--clients=10', '--max-concurrent-streams=100', `--input-file=${list}`]
          return load(many, 50 * world.page.paths.length, 0)
        },
        async 'upload, five at once'() {
          const before = world.origin.uploads.length
          const body = ['--clients=1', '--max-concurrent-streams=5', `--data=${world.upload.file}`]
          await load([...body, `${world.url}/upload`], 5, 0)
          const hashes = world.origin.uploads.slice(before)
          must(hashes.length === 5 && hashes.every((hash) => hash === world.upload.hash), 'other bytes came')
          return 'the same bytes'
        },
        download: () => load(['--clients=1', `${world.url}/download`], 1, DOWNLOAD_BYTES),
      },
      async [Symbol.asyncDispose]() {},
    }
  },
}
