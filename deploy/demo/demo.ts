import { cpSync, mkdirSync, readdirSync, rmSync } from 'node:fs'
import { findPackageJSON } from 'node:module'
import { dirname, join } from 'node:path'
import { ConfigError } from '../../edge/program/errors.ts'
import { readSettings } from '../../edge/program/settings.ts'
import { type ShieldDistribution, shieldDistribution } from '../../origin-shield/distribution-schema.ts'
import { type Bucket, openDemoBucket } from './bucket.ts'

/** The demo's sites, and what serves one of them. */
export interface Demo extends AsyncDisposable {
  distributions: ShieldDistribution[]
}

const here = import.meta.dirname

/** Files of Swagger UI that its page asks for. */
const SWAGGER_FILES =
  /^(index\.html|index\.css|swagger-ui\.css|swagger-ui-bundle\.js|swagger-ui-standalone-preset\.js|favicon-\d+x\d+\.png)$/

/**
 * Makes the three sites that `npm start` fronts with nothing configured: a folder of our own, a deck
 * whose framework comes from an npm package, and Swagger UI out of an S3 bucket, which shows our own
 * info API.
 *
 * @param ports where the demo's bucket and the info API are on loopback
 */
export async function openDemo(data: string, ports: { bucket: number; api: number }): Promise<Demo> {
  const slides = join(data, 'demo', 'slides')
  layOutSlides(slides)
  const bucket = await openDemoBucket(ports.bucket)
  await bucket.fill(swaggerFiles())
  const distributions = [hello(), slidesFrom(slides), swagger(bucket, ports.api)].map((one) =>
    readSettings(shieldDistribution, one, 'demo'),
  )
  return { distributions, [Symbol.asyncDispose]: () => bucket[Symbol.asyncDispose]() }
}

function hello() {
  const origins = [{ id: 'folder', folder: { path: join(here, 'hello') } }]
  return { id: 'hello', aliases: ['hello.localhost'], origins }
}

function slidesFrom(path: string) {
  return { id: 'slides', aliases: ['slides.localhost'], origins: [{ id: 'folder', folder: { path } }] }
}

/** Two origins behind one name: the page out of the bucket, the API that it shows from the API's own server. */
function swagger(bucket: Bucket, apiPort: number) {
  return {
    id: 'swagger',
    aliases: ['swagger.localhost'],
    origins: [
      { id: 'bucket', s3: bucket.origin },
      { id: 'api', http: { url: `http://127.0.0.1:${apiPort}` } },
    ],
    defaultCacheBehavior: { targetOriginId: 'bucket' },
    cacheBehaviors: ['/openapi.json', '/v1/*'].map((pathPattern) => ({ pathPattern, targetOriginId: 'api' })),
  }
}

/** reveal.js as it ships, with a deck of ours for its index page. */
function layOutSlides(folder: string): void {
  const reveal = packageFolder('reveal.js')
  rmSync(folder, { recursive: true, force: true })
  mkdirSync(folder, { recursive: true })
  cpSync(join(reveal, 'dist'), join(folder, 'dist'), { recursive: true })
  cpSync(join(here, 'slides'), folder, { recursive: true })
}

function swaggerFiles(): { key: string; file: string }[] {
  const shipped = packageFolder('swagger-ui-dist')
  const files = readdirSync(shipped).filter((name) => SWAGGER_FILES.test(name))
  return [
    ...files.map((key) => ({ key, file: join(shipped, key) })),
    ...readdirSync(join(here, 'swagger')).map((key) => ({ key, file: join(here, 'swagger', key) })),
  ]
}

/** @throws ConfigError when the package isn't installed: the demo's sites are development dependencies */
function packageFolder(name: string): string {
  const manifest = findPackageJSON(name, import.meta.url)
  if (manifest === undefined)
    throw new ConfigError('demo', `${name} is not installed`, 'Run npm ci, or name a SOURCE.')
  return dirname(manifest)
}
