import { accessSync, constants } from 'node:fs'
import type { Logger } from 'pino'
import { ConfigError } from '../../edge/program/errors.ts'
import { within } from '../deadline.ts'
import type { NetworkWall } from '../egress/namespace.ts'
import { AGENT_NAME } from '../robots.ts'
import type { ThumbnailerSettings } from '../settings.ts'
import { gatherFonts } from './fonts.ts'
import { unpackNpmBrowser } from './npm-browser.ts'
import { type BrowserPlan, startBrowser } from './start.ts'
import { wallsAround } from './walls.ts'
import { removeForgottenProfiles, workshopFor } from './workshop.ts'

/** Where systems put a browser; shells first, which need half the CPU. */
const USUAL_PLACES = [
  '/usr/bin/chromium-headless-shell',
  '/usr/bin/google-chrome-stable',
  '/usr/bin/google-chrome',
  '/usr/bin/chromium',
  '/usr/bin/chromium-browser',
  '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome',
  '/Applications/Chromium.app/Contents/MacOS/Chromium',
]

/** Longest wait for an empty page of a browser on trial, ms. */
const TRIAL_MS_MAX = 10_000

/** A browser's program with what it brings along. */
type Candidate = Pick<BrowserPlan, 'executable' | 'libraryFolder' | 'fontFolders'>

/** How the browser is led to the guard. */
export interface Outside {
  /** See `wallsAround`. */
  proxy: string
  /** Or why there is none. */
  network: NetworkWall | string
}

/** Who the browser runs as, and whether it may hold its renderers in. */
type Footing = Pick<BrowserPlan, 'uid' | 'sandbox'>

/**
 * Finds a browser that really starts on this machine, and starts it as safely as the machine lets us:
 * each candidate is tried under its own user and with Chromium's sandbox, unless the operator gave that up.
 * What was found, and which walls stand, is logged.
 *
 * @returns how to start it, or `undefined` when none starts (the log says why)
 * @throws ConfigError when `browser` is set, and no program
 */
export async function chooseBrowser(
  settings: Pick<ThumbnailerSettings, 'browser' | 'browserUid' | 'contact' | 'dataFolder' | 'sandbox'>,
  outside: Outside,
  log: Logger,
): Promise<BrowserPlan | undefined> {
  const workshop = workshopFor(settings.dataFolder)
  await removeForgottenProfiles(workshop)
  const walls = wallsAround(outside.proxy)
  const fonts = await fontsFor(workshop, log)
  const failures: string[] = []
  for await (const candidate of candidates(settings.browser, workshop, failures)) {
    for (const footing of footings(settings)) {
      const fontFolders = [...fonts, ...(candidate.fontFolders ?? [])]
      const enter = enterOf(outside, footing)
      const plan: BrowserPlan = {
        ...candidate,
        ...footing,
        ...(enter && { enter }),
        fontFolders,
        walls,
        workshop,
      }
      const version = await versionOnTrial(plan).catch((error: Error) => {
        failures.push(error.message)
      })
      if (version === undefined) continue
      tellWalls(plan, { version, outside, failures }, log)
      return { ...plan, userAgent: userAgentOf(version, settings.contact) }
    }
  }
  log.error(
    { failures },
    'no browser starts with its sandbox, so no new pictures are made: install Chromium, set `browser`, ' +
      'or allow user namespaces; `sandbox: false` does without that wall',
  )
  return undefined
}

/** Pages are drawn without them as well, with what the system has. */
async function fontsFor(workshop: string, log: Logger): Promise<string[]> {
  const gathered = await gatherFonts(workshop).catch((error: unknown) => {
    log.warn({ error: String(error) }, 'fonts could not be copied from node_modules')
  })
  if (gathered === undefined) return []
  const { folder, missing } = gathered
  if (missing.length > 0)
    log.warn({ missing }, 'fonts are not installed: what is written in their scripts may be blank')
  return folder === undefined ? [] : [folder]
}

async function* candidates(
  configured: string | undefined,
  workshop: string,
  failures: string[],
): AsyncGenerator<Candidate> {
  if (configured !== undefined) {
    if (!isProgram(configured)) {
      throw new ConfigError(
        'browser',
        `${configured} is no program`,
        'Give the path of a Chrome or Chromium.',
      )
    }
    yield { executable: configured }
    return
  }
  for (const executable of USUAL_PLACES) if (isProgram(executable)) yield { executable }
  const npm = await unpackNpmBrowser(workshop).catch((error: Error) => {
    failures.push(error.message)
  })
  if (npm === undefined) return
  const { executable, fontFolder, libraryFolder } = npm
  const fontFolders = [fontFolder]
  yield { executable, fontFolders }
  // On a bare machine the system has no libnss3 and its kin: then the package's own.
  yield { executable, fontFolders, libraryFolder }
}

/** The sandbox is given up only where the operator says so. */
function footings({ browserUid, sandbox }: Pick<ThumbnailerSettings, 'browserUid' | 'sandbox'>): Footing[] {
  if (process.getuid?.() !== 0) return [{ sandbox }]
  // Chromium's sandbox does not work for root, and without it root's page would be root.
  const unprivileged: Footing = { uid: browserUid, sandbox }
  return sandbox ? [unprivileged] : [unprivileged, { sandbox }]
}

/** Starts it, opens an empty page, ends it. @returns as `153.0.8010.0` */
async function versionOnTrial(plan: BrowserPlan): Promise<string> {
  await using running = await startBrowser(plan)
  await within(TRIAL_MS_MAX, `an empty page of ${plan.executable}`, running.browser.newPage())
  const version = await running.browser.version()
  return version.replace(/^.*\//, '')
}

/** The command that puts the browser into the namespace, where there is one. */
function enterOf({ network }: Outside, { uid }: Footing): readonly string[] | undefined {
  return typeof network === 'string' ? undefined : network.enter(uid ?? 0)
}

function tellWalls(
  plan: BrowserPlan,
  { version, outside, failures }: { version: string; outside: Outside; failures: string[] },
  log: Logger,
): void {
  const walls = {
    browser: plan.executable,
    version,
    reaches: 'the egress guard only',
    network: plan.enter === undefined ? `the machine's (${outside.network})` : 'its own, with the guard only',
    sandbox: plan.sandbox,
    ...(plan.uid !== undefined && { uid: plan.uid }),
  }
  if (plan.sandbox) {
    log.info(walls, 'the browser is walled in')
    return
  }
  log.warn(
    { ...walls, failures },
    "the browser runs without Chromium's sandbox, as `sandbox: false` says: a page that breaks a renderer " +
      'has all that its user has',
  )
}

/**
 * Says who asks: a bot by any list, so that its visits rank nobody, and still a browser that sites
 * give their normal pages.
 */
function userAgentOf(version: string, contact: string | undefined): string {
  const about = contact === undefined ? '' : `; +${contact}`
  const chrome = `Chrome/${version.split('.')[0]}.0.0.0 Safari/537.36`
  const system = 'Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko)'
  return `${system} ${chrome} ${AGENT_NAME}/1.0 (bot${about})`
}

function isProgram(path: string): boolean {
  try {
    accessSync(path, constants.X_OK)
    return true
  } catch {
    return false
  }
}
