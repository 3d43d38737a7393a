import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { statfs } from 'node:fs/promises'
import type { Readable, Writable } from 'node:stream'
import { type Browser, connect } from 'puppeteer-core'
import { within } from '../deadline.ts'
import { USUAL_LOOK } from '../look.ts'
import { pipeTransport } from './pipe.ts'
import { killGroup } from './processes.ts'
import { QUIET_FLAGS } from './walls.ts'
import { makeProfile, type Profile, writeFontsConf } from './workshop.ts'

/** All that is needed to start one more browser of the same kind. */
export interface BrowserPlan {
  executable: string
  /** Chromium's own sandbox: seccomp and namespaces around every renderer. */
  sandbox: boolean
  /** User that it runs under; our own when left out. */
  uid?: number | undefined
  /** Command that comes first and puts it elsewhere, under `uid`. */
  enter?: readonly string[] | undefined
  /** Flags that keep it in: see `walls.ts`. */
  walls: readonly string[]
  /** Where its profile is made. */
  workshop: string
  /** Put in front of the system's libraries. */
  libraryFolder?: string | undefined
  /** Of fonts beside the system's. */
  fontFolders?: readonly string[] | undefined
  userAgent?: string | undefined
  /** Hosts whose certificates are taken as they come; of others only what the browser trusts. */
  takesCertificateOf?: ((host: string) => boolean) | undefined
}

/** A browser that runs until disposed. */
export interface RunningBrowser extends AsyncDisposable {
  readonly browser: Browser
  readonly pid: number
  /** Resolves when its process has ended, whoever ended it. */
  readonly ended: Promise<void>
}

/** Longest wait for a browser's first answer, ms; on a busy machine a cold start takes seconds. */
const START_MS_MAX = 15_000

/** Longest wait for any answer to one command, ms; below it each step of a render has its own. */
const COMMAND_MS_MAX = 20_000

/** Free shared memory under which Chromium is told to do without: containers often have 64 MB. */
const SHARED_MEMORY_BYTES_MIN = 512 * 1024 * 1024

/**
 * Starts a browser in a process group of its own, spoken to over pipes.
 *
 * Ending is by killing the group: nothing in a profile is worth saving. When we are killed ourselves
 * the pipe closes, and Chromium ends by itself.
 *
 * @throws Error with the last that the browser said, when it ends or stays mute
 */
export async function startBrowser(plan: BrowserPlan): Promise<RunningBrowser> {
  await using made = new AsyncDisposableStack()
  const profile = made.use(await makeProfile(plan.workshop, plan.uid))
  const child = await spawnBrowser(plan, profile)
  const ended = new Promise<void>((resolve) => child.once('exit', () => resolve()))
  const said = lastSaid(child)
  const browser = await within(START_MS_MAX, 'the start of the browser', firstAnswer(child, ended)).catch(
    async (cause: unknown) => {
      await endGroup(child, ended)
      throw new Error(`${plan.executable} did not start: ${said() || (cause as Error).message}`, { cause })
    },
  )
  if (plan.takesCertificateOf !== undefined) {
    await judgeCertificates(browser, plan.takesCertificateOf).catch(async (cause: unknown) => {
      await endGroup(child, ended)
      throw new Error(`${plan.executable} lets no certificates be judged`, { cause })
    })
  }
  const running = made.move() // from here on the caller disposes
  return {
    browser,
    pid: child.pid as number, // it has one: it answered
    ended,
    async [Symbol.asyncDispose]() {
      await endGroup(child, ended)
      await running.disposeAsync()
    },
  }
}

async function spawnBrowser(plan: BrowserPlan, profile: Profile): Promise<ChildProcess> {
  const [command = '', ...argv] = [...(plan.enter ?? []), plan.executable, ...(await flagsFor(plan, profile))]
  const child = spawn(command, argv, {
    stdio: ['ignore', 'ignore', 'pipe', 'pipe', 'pipe'],
    detached: true,
    cwd: profile.folder,
    env: await environmentFor(plan, profile),
    // Who enters a namespace has to be root until it is in.
    ...(plan.uid !== undefined && plan.enter === undefined && { uid: plan.uid, gid: plan.uid }),
  })
  const failed = once(child, 'error').then(([error]) => {
    throw error
  })
  // The race below hears it; a failure after it is seen in the process's end.
  failed.catch(() => undefined)
  await Promise.race([once(child, 'spawn'), failed])
  return child
}

async function firstAnswer(child: ChildProcess, ended: Promise<void>): Promise<Browser> {
  const [, , , toBrowser, fromBrowser] = child.stdio
  const transport = pipeTransport({ toBrowser: toBrowser as Writable, fromBrowser: fromBrowser as Readable })
  const { width, height } = USUAL_LOOK
  const connected = connect({
    transport,
    defaultViewport: { width, height },
    protocolTimeout: COMMAND_MS_MAX,
  })
  // Whichever loses the race may fail later, when nobody listens any more.
  connected.catch(() => undefined)
  const early = ended.then(() => {
    throw new Error('it ended at once')
  })
  early.catch(() => undefined)
  return Promise.race([connected, early])
}

/** Certificates that the browser would refuse are judged by their host: all its pages' and workers' at once. */
async function judgeCertificates(browser: Browser, isTaken: (host: string) => boolean): Promise<void> {
  const session = await browser.target().createCDPSession()
  session.on('Security.certificateError', ({ eventId, requestURL }) => {
    const host = URL.parse(requestURL)?.hostname ?? ''
    const action = isTaken(host) ? 'continue' : 'cancel'
    // Its page may be gone by now.
    session.send('Security.handleCertificateError', { eventId, action }).catch(() => undefined)
  })
  await session.send('Security.enable')
  await session.send('Security.setOverrideCertificateErrors', { override: true })
}

async function flagsFor(plan: BrowserPlan, profile: Profile): Promise<string[]> {
  const { width, height } = USUAL_LOOK
  // Not every system has it: then Chromium is told to do without.
  const shared = await statfs('/dev/shm').catch(() => undefined)
  const sharedBytes = shared === undefined ? 0 : shared.bavail * shared.bsize
  return [
    '--headless',
    '--remote-debugging-pipe',
    `--user-data-dir=${profile.folder}`,
    `--window-size=${width},${height}`,
    '--hide-scrollbars',
    '--force-color-profile=srgb',
    ...(plan.userAgent === undefined ? [] : [`--user-agent=${plan.userAgent}`]),
    ...(plan.sandbox ? [] : ['--no-sandbox']),
    ...(sharedBytes < SHARED_MEMORY_BYTES_MIN ? ['--disable-dev-shm-usage'] : []),
    ...QUIET_FLAGS,
    ...plan.walls,
    'about:blank',
  ]
}

/** None of our own variables: they may hold keys. */
async function environmentFor(plan: BrowserPlan, profile: Profile): Promise<NodeJS.ProcessEnv> {
  return {
    PATH: process.env.PATH,
    // What pages read as `navigator.language`: of `C` it made `en-US@posix`, which is none, and scripts fail at that.
    LANG: 'en_US.UTF-8',
    HOME: profile.folder,
    TMPDIR: profile.folder,
    ...(plan.libraryFolder !== undefined && { LD_LIBRARY_PATH: plan.libraryFolder }),
    FONTCONFIG_FILE: await writeFontsConf(profile, plan.fontFolders ?? []),
  }
}

/** Keeps the end of what the browser says on standard error; pages can make it say a lot. */
function lastSaid(child: ChildProcess): () => string {
  let text = ''
  child.stderr?.setEncoding('utf8').on('data', (piece: string) => {
    text = (text + piece).slice(-2_000)
  })
  return () => text.trim()
}

async function endGroup(child: ChildProcess, ended: Promise<void>): Promise<void> {
  if (child.pid === undefined) return
  killGroup(child.pid)
  await ended
}
