import { join } from 'node:path'
import { pino } from 'pino'
import { chooseBrowser } from '../../../thumbnailer/browser/choose.ts'
import { unpackNpmBrowser } from '../../../thumbnailer/browser/npm-browser.ts'
import { type RunningBrowser, startBrowser } from '../../../thumbnailer/browser/start.ts'
import { workshopFor } from '../../../thumbnailer/browser/workshop.ts'

/** The browser is tried with its walls, of which no way leads out. */
const NOWHERE = { proxy: 'http://127.0.0.1:9', network: 'not wanted' }

/** On these it reaches this machine, and takes certificates that nobody vouches for. */
const WALLS = ['--no-proxy-server', '--ignore-certificate-errors']

/**
 * Starts a browser that believes any certificate, without the thumbnailer's walls.
 *
 * @param folder that it is unpacked to, and has its profile in
 * @param program a browser of the system; the one from npm unless said
 * @throws when none starts on this machine
 */
export async function startTrustingBrowser(folder: string, program?: string): Promise<RunningBrowser> {
  const dataFolder = join(folder, 'b')
  const choose = (browser: string | undefined) => {
    const settings = { dataFolder, browserUid: 61_701, browser, contact: undefined, sandbox: true }
    return chooseBrowser(settings, NOWHERE, pino({ level: 'silent' }))
  }
  // Left to choose, it would take one that the system has; a bare system lacks what npm's needs, and is left to.
  const wanted = program ?? (await unpackNpmBrowser(workshopFor(dataFolder)))?.executable
  const plan = (await choose(wanted)) ?? (program === undefined ? await choose(undefined) : undefined)
  if (plan === undefined) throw new Error('no browser starts on this machine')
  return startBrowser({ ...plan, walls: WALLS, userAgent: undefined })
}
