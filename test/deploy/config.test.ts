import { execFile } from 'node:child_process'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { describe, expect, test } from 'vitest'
import { checkCertificates, selfSignedCertificate } from '../../deploy/certificate.ts'
import { configSchema, readConfig } from '../../deploy/config-file.ts'
import { explainedFields } from '../../deploy/explain.ts'
import { readOptions } from '../../deploy/options.ts'
import { distributionsOf } from '../../deploy/sources.ts'
import { describeError } from '../../edge/program/errors.ts'

/** What `readConfig` says of a file with this text; its first line names file and field, the second the remedy. */
async function complaintAbout(yaml: string): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'selvedge-config-'))
  const file = join(folder, 'my.yaml')
  await writeFile(file, yaml)
  try {
    readConfig(file)
    return ''
  } catch (error) {
    return describeError(error).replaceAll(folder, '')
  } finally {
    await rm(folder, { recursive: true })
  }
}

const site = (but = '') => `
distributions:
  - id: docs
    aliases: [docs.example.com]
    origins: [{ id: o, http: { url: http://127.0.0.1:1 } }]
${but}`

describe('a config error names the file, the field, what was found and what is allowed', () => {
  test.each([
    ['an unknown field', 'edge: { htpPort: 1 }', /my\.yaml: edge: .*htpPort[\s\S]*Remove or rename: htpPort/],
    ['a port that is none', 'edge: { httpPort: 99999 }', /edge\.httpPort: .*99999[\s\S]*65535/],
    ['a wrong type', 'edge: { workers: many }', /edge\.workers: .*"many"[\s\S]*number/],
    [
      'a bad alias',
      site().replace('docs.example.com', '"not a name"'),
      /distributions\[0\]\.aliases\[0\].*not a name/,
    ],
    ['an origin of no kind', site().replace('http: {', 'htp: {'), /distributions\[0\]\.origins\[0\]/],
    [
      'a bad origin URL',
      site().replace('http://127.0.0.1:1', 'ftp://x'),
      /origins\[0\]\.http\.url.*ftp:\/\/x/,
    ],
    [
      'a rule for an origin that isn’t there',
      site('    defaultCacheBehavior: { targetOriginId: x }'),
      /targetOriginId.*"x"[\s\S]*Allowed: "o"/,
    ],
    [
      'a policy that isn’t there',
      site('    defaultCacheBehavior: { viewerProtocolPolicy: maybe }'),
      /viewerProtocolPolicy.*"maybe"[\s\S]*redirect-to-https/,
    ],
    [
      'a cache policy that isn’t there',
      site('    defaultCacheBehavior: { cachePolicy: CachingOptimised }'),
      /cachePolicy: names no policy.*"CachingOptimised"[\s\S]*"CachingOptimized"/,
    ],
    [
      'a wrong field of a policy',
      site('    defaultCacheBehavior: { cachePolicy: { minTTL: -1 } }'),
      /defaultCacheBehavior\.cachePolicy\.minTTL: .*-1[\s\S]*At least 0/,
    ],
    [
      'an unknown field of a policy',
      site('    defaultCacheBehavior: { cachePolicy: { minTtl: 1 } }'),
      /cachePolicy: .*minTtl[\s\S]*Remove or rename: minTtl/,
    ],
    [
      'a wrong field of one’s own policy',
      'cachePolicies: [{ name: a, maxTTL: x }]',
      /cachePolicies\[0\]\.maxTTL/,
    ],
    ['a policy without a name', 'cachePolicies: [{ maxTTL: 1 }]', /cachePolicies\[0\]\.name/],
    [
      'a policy with a managed one’s name',
      'cachePolicies: [{ name: CachingDisabled }]',
      /cachePolicies\[0\]\.name: is the name of a managed policy/,
    ],
    ['a policy twice', 'cachePolicies: [{ name: a }, { name: a }]', /cachePolicies\[1\]\.name: stands twice/],
    [
      'an origin request policy alone',
      site('    defaultCacheBehavior: { originRequestPolicy: AllViewer }'),
      /originRequestPolicy: needs a cachePolicy/,
    ],
    [
      'cached methods that aren’t allowed',
      site('    defaultCacheBehavior: { allowedMethods: [GET, HEAD], cachedMethods: [GET, HEAD, OPTIONS] }'),
      /cachedMethods: holds OPTIONS/,
    ],
    [
      'an origin group with an origin that isn’t there',
      site('    originGroups: [{ id: g, members: [o, x] }]'),
      /originGroups\[0\]\.members\[1\].*"x"[\s\S]*Allowed: "o"/,
    ],
    [
      'an error twice',
      site('    customErrorResponses: [{ errorCode: 404 }, { errorCode: 404 }]'),
      /customErrorResponses\[1\]\.errorCode: stands twice/,
    ],
    [
      'an alias twice',
      `${site()}\n  - id: other\n    aliases: [docs.example.com]\n    origins: [{ id: o, http: { url: http://a } }]`,
      /distributions\[1\]\.aliases.*docs\.example\.com/,
    ],
    ['no YAML', 'a: [', /my\.yaml/],
    ['YAML that holds itself', 'edge: &a [*a]', /my\.yaml: edge: .*found/],
  ])('%s', async (_, yaml, complaint) => {
    expect(await complaintAbout(yaml)).toMatch(complaint)
  })

  test('a file that isn’t there', () => {
    expect(() => readConfig('/nonexistent.yaml')).toThrow(/\/nonexistent\.yaml: can't be read/)
  })

  test('the example is valid, and every field of it is taken', () => {
    const example = new URL('../../deploy/selvedge.example.yaml', import.meta.url).pathname

    expect(readConfig(example).distributions.map(({ id }) => id)).toEqual(['docs', 'shop'])
  })
})

describe('certificates', () => {
  /** What is said of a configuration that names the files of one certificate, or other files instead. */
  async function saidOf(yaml: (files: string) => string, change: (folder: string) => Promise<void>) {
    const folder = await mkdtemp(join(tmpdir(), 'selvedge-config-'))
    await selfSignedCertificate(['docs.example.com'], folder)
    await change(folder)
    await writeFile(join(folder, 'my.yaml'), yaml('cert: self-signed.pem, key: self-signed.key'))
    try {
      const { edge, distributions } = readConfig(join(folder, 'my.yaml'))
      return checkCertificates({ tls: edge.tls, distributions }, 'my.yaml').join('\n')
    } catch (error) {
      return describeError(error)
    } finally {
      await rm(folder, { recursive: true })
    }
  }
  const ofEdge = (files: string) => `edge: { tls: { ${files} } }`
  const ofSite = (files: string) => site(`    viewerCertificate: { ${files} }`)
  const nothing = async () => undefined

  test.each([
    ['the edge’s own', ofEdge],
    ['that of a site', ofSite],
    ['one for both', (files: string) => `${ofEdge(files)}\n${ofSite(files)}`],
  ])('%s is fine', async (_, yaml) => {
    expect(await saidOf(yaml, nothing)).toBe('')
  })

  test.each([
    [
      'no such file',
      (folder: string) => rm(join(folder, 'self-signed.pem')),
      /cert: .*self-signed\.pem can't be read .*ENOENT[\s\S]*Name a PEM file that Selvedge may read/,
    ],
    [
      'no certificate in it',
      (folder: string) => writeFile(join(folder, 'self-signed.pem'), 'x'),
      /cert: .*self-signed\.pem holds no certificate[\s\S]*begins with the site’s certificate/,
    ],
    [
      'no key in it',
      (folder: string) => writeFile(join(folder, 'self-signed.key'), 'x'),
      /key: .*self-signed\.key holds no private key[\s\S]*passphrase/,
    ],
    [
      'another certificate’s key',
      async (folder: string) => {
        const { key } = await selfSignedCertificate(['other.example'], join(folder, 'other'))
        await writeFile(join(folder, 'self-signed.key'), await readFile(key))
      },
      /key: .*self-signed\.key is the key of another certificate[\s\S]*Give the key/,
    ],
  ])('%s: the field and the remedy are named', async (_, change, complaint) => {
    expect(await saidOf(ofEdge, change)).toMatch(complaint)
    expect(await saidOf(ofEdge, change)).toMatch(/^my\.yaml: edge\.tls\./)
    expect(await saidOf(ofSite, change)).toMatch(/^my\.yaml: distributions\[0\]\.viewerCertificate\./)
  })

  test('one chain with two keys is refused', async () => {
    const two = (files: string) => `${ofEdge(files)}\n${ofSite('cert: self-signed.pem, key: other.key')}`

    expect(await saidOf(two, nothing)).toMatch(
      /viewerCertificate\.key: .*another key at my\.yaml: edge\.tls\.key/,
    )
  })

  test('what can be used all the same is doubted: other names, no OCSP response', async () => {
    const other = (files: string) => ofSite(`${files}, ocspResponse: none.der`).replace('docs.', 'www.')

    const doubts = await saidOf(other, nothing)
    expect(doubts).toMatch(/viewerCertificate\.cert: .* is not for www\.example\.com/)
    expect(doubts).toMatch(/viewerCertificate\.ocspResponse: .*none\.der can't be read/)
  })

  test('a self-signed one whose key was torn is made anew', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'selvedge-config-'))
    const { key } = await selfSignedCertificate(['a.example'], folder)
    await writeFile(key, 'torn')

    const made = await selfSignedCertificate(['a.example'], folder)
    expect(checkCertificates({ tls: made, distributions: [] }, '')).toEqual([])
    await rm(folder, { recursive: true })
  })
})

describe('policies', () => {
  test('a behaviour names one of the file’s own, a managed one by name or id, or has one', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'selvedge-config-'))
    const file = join(folder, 'my.yaml')
    await writeFile(
      file,
      `cachePolicies: [{ name: mine, maxTTL: 5 }]
${site(`    defaultCacheBehavior: { cachePolicy: mine }
    cacheBehaviors:
      - { pathPattern: a, cachePolicy: Managed-CachingDisabled, originRequestPolicy: AllViewer }
      - { pathPattern: b, cachePolicy: 658327ea-f89d-4fab-a63d-7e88639e58f6 }
      - { pathPattern: c, cachePolicy: { maxTTL: 7 } }`)}`,
    )
    const [distribution] = readConfig(file).distributions
    await rm(folder, { recursive: true })

    const behaviors = distribution?.cacheBehaviors ?? []
    expect(distribution?.defaultCacheBehavior.cachePolicy).toMatchObject({ name: 'mine', maxTTL: 5 })
    expect(behaviors.map(({ cachePolicy }) => [cachePolicy?.name, cachePolicy?.maxTTL])).toEqual([
      ['CachingDisabled', 0],
      ['CachingOptimized', 31_536_000],
      [undefined, 7],
    ])
    expect(behaviors[0]?.originRequestPolicy?.name).toBe('AllViewer')
  })
})

describe('npm run config', () => {
  const run = promisify(execFile)
  const config = (...argv: string[]) => run(process.execPath, ['deploy/config.ts', ...argv])

  test('every field has its sentence', () => {
    const silent = explainedFields(configSchema).filter(({ sentence }) => sentence === '')

    expect(silent.map(({ path }) => path)).toEqual([])
  })

  test('explain prints a field’s type, bounds, default and sentence', async () => {
    const { stdout } = await config('explain', 'minTTL')

    expect(stdout).toMatch(
      /^cachePolicies\[\]\.minTTL\n {4}whole number from 0 to 3153600000; default 0\n {4}Least time .*seconds\./,
    )
    expect((await config('explain', 'distributions.cacheBehaviors')).stdout).toMatch(
      /cachePolicy\n {4}a name: CachingOptimized, .*fields as in cachePolicies\[\]/,
    )
  })

  test('check says that a file is fine, or which field is not', async () => {
    const { stdout } = await config('check', 'deploy/selvedge.example.yaml')

    expect(stdout).toBe('deploy/selvedge.example.yaml is fine: 2 distributions (docs, shop).\n')
    await expect(config('check', 'nonexistent.yaml')).rejects.toMatchObject({
      code: 2,
      stderr: expect.stringMatching(/nonexistent\.yaml: can't be read/),
    })
  })

  test('check reads the prices that the file names', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'selvedge-config-'))
    const example = await readFile('deploy/prices.example.yaml', 'utf8')
    await writeFile(join(folder, 'my.yaml'), 'analytics: { prices: prices.yaml }')
    const check = () => config('check', join(folder, 'my.yaml'))

    await expect(check()).rejects.toMatchObject({
      code: 2,
      stderr: expect.stringMatching(/analytics\.prices: .*prices\.yaml: can't be read[\s\S]*prices\.example/),
    })
    await writeFile(join(folder, 'prices.yaml'), example.replace(/^currency: .*$/m, 'currency: XYZ'))
    await expect(check()).rejects.toMatchObject({
      code: 2,
      stderr: expect.stringMatching(/prices\.yaml: currency: is no currency/),
    })
    await writeFile(join(folder, 'prices.yaml'), example)
    expect((await check()).stdout).toMatch(/my\.yaml is fine/)
    await rm(folder, { recursive: true })
  })
})

describe('the command line', () => {
  test('a source is a folder, a bucket or an origin, at site.localhost', () => {
    const of = (...argv: string[]) => distributionsOf(readOptions(argv))

    expect(of('./public')[0]).toMatchObject({ aliases: ['site.localhost'], origins: [{ folder: {} }] })
    expect(of('https://origin.example')[0]).toMatchObject({
      origins: [{ http: { url: 'https://origin.example' } }],
    })
    expect(of('s3://bucket/a/b/', '--s3-endpoint', 'http://127.0.0.1:9')[0]).toMatchObject({
      origins: [{ s3: { bucket: 'bucket', prefix: 'a/b', endpoint: 'http://127.0.0.1:9' } }],
    })
    expect(of('a', 'b').map(({ aliases }) => aliases)).toEqual([['site.localhost'], ['site2.localhost']])
    expect(of('a', '--host', '*')[0]?.aliases).toEqual(['*'])
  })

  test.each([
    [['--http-port', '0'], /--http-port.*1 to 65535/],
    [
      ['--only', 'edge,shield'],
      /shield is no program; there are analytics, thumbnailer, origin-shield, edge/,
    ],
    [['--workers', 'x'], /--workers/],
    [['--what'], /unknown option '--what'/],
  ])('%s is refused', (argv, complaint) => {
    expect(() => readOptions(argv)).toThrow(complaint)
  })

  test.each([
    [['ftp://x'], /ftp:\/\/x.*unknown scheme/],
    [['s3://'], /names no bucket/],
    [['--host', 'a.example'], /names no SOURCE/],
    [['https://x', '--host', 'not a name'], /aliases\[0\].*not a name/],
  ])('%s fronts nothing', (argv, complaint) => {
    expect(() => distributionsOf(readOptions(argv))).toThrow(complaint)
  })
})
