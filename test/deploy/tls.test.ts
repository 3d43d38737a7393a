import { copyFile, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { request } from 'undici'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { selfSignedCertificate } from '../../deploy/certificate.ts'
import { visit } from '../edge/tls-viewer.ts'
import { pidsOf } from './processes.ts'
import { type Selvedge, startSelvedge } from './selvedge.ts'

/** Enough connections for the kernel to have given some to each of two workers. */
const VISITS = 24

let folder: string
let selvedge: Selvedge

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'selvedge-tls-'))
  await writeFile(join(folder, 'page'), 'a page')
  await selfSignedCertificate(['a.example'], folder)
  const origins = [{ id: 'o', folder: { path: '.' } }]
  const viewerCertificate = { cert: 'self-signed.pem', key: 'self-signed.key' }
  const distributions = [
    { id: 'a', aliases: ['a.example'], origins, viewerCertificate },
    { id: 'b', aliases: ['b.example'], origins },
  ]
  // JSON is YAML.
  const config = join(folder, 'selvedge.yaml')
  await writeFile(config, JSON.stringify({ distributions }))
  selvedge = await startSelvedge(['--config', config, '--only', 'edge,origin-shield', '--workers', '2'])
}, 60_000)

afterAll(async () => {
  await selvedge[Symbol.asyncDispose]()
  await rm(folder, { recursive: true })
})

async function visits(name: string, options: object = {}) {
  return Promise.all(Array.from({ length: VISITS }, () => visit(selvedge.httpsPort, name, options)))
}

describe('two workers', () => {
  test('resume each other’s sessions with TLS 1.2 and 1.3, and those from before they were restarted', async () => {
    const begun = await Promise.all(
      (['TLSv1.2', 'TLSv1.3'] as const).flatMap((version) =>
        ['a.example', 'b.example'].map(async (name) => {
          const only = { minVersion: version, maxVersion: version }
          const { session } = await visit(selvedge.httpsPort, name, only)
          return { name, options: { ...only, session } }
        }),
      ),
    )
    const resumed = async () => {
      const all = await Promise.all(begun.map(({ name, options }) => visits(name, options)))
      return all.flat().filter(({ reused, status }) => reused && status === 200).length
    }
    expect(await resumed()).toBe(4 * VISITS)

    const before = pidsOf(selvedge, 'edge/worker.ts')
    for (const pid of before) process.kill(pid, 'SIGKILL')
    await expect
      .poll(() => pidsOf(selvedge, 'edge/worker.ts').filter((pid) => !before.includes(pid)).length, {
        timeout: 20_000,
      })
      .toBe(2)
    // Not before both listen again is there any answer from either of them.
    await expect
      .poll(
        () =>
          visit(selvedge.httpsPort, 'b.example').then(
            ({ status }) => status,
            () => 0,
          ),
        {
          timeout: 20_000,
        },
      )
      .toBe(200)

    expect(await resumed()).toBe(4 * VISITS)
  }, 60_000)

  test('both take a renewed certificate over, and the metrics say when it expires', async () => {
    const old = await visits('a.example')
    const next = await selfSignedCertificate(['a.example', 'www.a.example'], join(folder, 'next'))

    await copyFile(next.cert, join(folder, 'self-signed.pem'))
    await copyFile(next.key, join(folder, 'self-signed.key'))

    expect(new Set(old.map(({ shown }) => shown))).toEqual(new Set(['DNS:a.example']))
    await expect
      .poll(async () => [...new Set((await visits('a.example')).map(({ shown }) => shown))], {
        timeout: 30_000,
      })
      .toEqual(['DNS:a.example, DNS:www.a.example'])
    const { edgeAdmin } = JSON.parse(await readFile(join(selvedge.data, 'ports.json'), 'utf8'))
    const metrics = await (await request(`http://127.0.0.1:${edgeAdmin}/metrics`)).body.text()
    const seconds = new RegExp(
      `^selvedge_edge_certificate_not_after_seconds\\{certificate="${folder}/self-signed.pem"\\} (\\d+)$`,
      'm',
    )
    const days = (Number(seconds.exec(metrics)?.[1]) - Date.now() / 1000) / 86_400
    expect(Math.round(days)).toBe(365)
  }, 60_000)
})
