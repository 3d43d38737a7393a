import { existsSync, statSync } from 'node:fs'
import { chown, mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises'
import { dirname, join, resolve } from 'node:path'
import { isAlive } from './processes.ts'

/** Used when the data folder is closed to the browser's user, as in root's home. Only root writes here. */
const SHARED_WORKSHOP = '/var/cache/selvedge'

/** A folder of one browser's own, gone when disposed. */
export interface Profile extends AsyncDisposable {
  folder: string
}

/**
 * Where the browser's program and profiles are: in the data folder, or, where root starts the
 * browser under another user that can't get into the data folder, in `/var/cache/selvedge`.
 */
export function workshopFor(dataFolder: string): string {
  const own = resolve(dataFolder)
  return process.getuid?.() !== 0 || isOpenToOthers(own) ? own : SHARED_WORKSHOP
}

function isOpenToOthers(folder: string): boolean {
  const open = !existsSync(folder) || (statSync(folder).mode & 0o001) !== 0
  return open && (folder === dirname(folder) || isOpenToOthers(dirname(folder)))
}

const PROFILE = /^profile-(\d+)-/

/** A new, empty profile. @param uid user that it is for; our own when left out */
export async function makeProfile(workshop: string, uid: number | undefined): Promise<Profile> {
  await mkdir(workshop, { recursive: true, mode: 0o755 })
  const folder = await mkdtemp(join(workshop, `profile-${process.pid}-`))
  const profile: Profile = {
    folder,
    async [Symbol.asyncDispose]() {
      // A process of the group may be writing its last: look again.
      await rm(folder, { recursive: true, force: true, maxRetries: 5, retryDelay: 50 })
    },
  }
  await using made = new AsyncDisposableStack()
  made.use(profile)
  if (uid !== undefined) await chown(folder, uid, uid)
  made.move() // it is the caller's now
  return profile
}

/** Removes profiles of thumbnailers that were killed before they could. */
export async function removeForgottenProfiles(workshop: string): Promise<void> {
  const names = existsSync(workshop) ? await readdir(workshop) : []
  for (const name of names) {
    const pid = PROFILE.exec(name)?.[1]
    if (pid !== undefined && !isAlive(Number(pid)))
      await rm(join(workshop, name), { recursive: true, force: true })
  }
}

/**
 * What pages ask for, and what they get of what is there. Without it fontconfig's own preference is
 * DejaVu, which is a fifth wider than what most pages were made with.
 */
const PREFERRED: Readonly<Record<string, readonly string[]>> = {
  Arial: ['Arimo', 'Liberation Sans'],
  Helvetica: ['Arimo', 'Liberation Sans'],
  'Helvetica Neue': ['Arimo', 'Liberation Sans'],
  'Segoe UI': ['Open Sans', 'Arimo'],
  Roboto: ['Arimo'],
  'system-ui': ['Arimo', 'Liberation Sans'],
  'sans-serif': ['Arimo', 'Liberation Sans', 'Open Sans'],
  'Times New Roman': ['Tinos', 'Liberation Serif'],
  Georgia: ['Tinos', 'Liberation Serif'],
  serif: ['Tinos', 'Liberation Serif'],
  'Courier New': ['Cousine', 'Liberation Mono'],
  'ui-monospace': ['Cousine', 'Liberation Mono'],
  monospace: ['Cousine', 'Liberation Mono'],
  emoji: ['Noto Color Emoji'],
}

/**
 * Tells fontconfig of fonts beside those that the system has.
 *
 * @param folders theirs @returns path of the file
 */
export async function writeFontsConf(profile: Profile, folders: readonly string[]): Promise<string> {
  const path = join(profile.folder, 'fonts.conf')
  const dirs = ['/usr/share/fonts', '/usr/local/share/fonts', ...folders].map(
    (dir) => `<dir>${inXml(dir)}</dir>`,
  )
  const aliases = Object.entries(PREFERRED).map(([family, preferred]) => {
    const families = preferred.map((name) => `<family>${name}</family>`).join('')
    return `<alias binding="same"><family>${family}</family><prefer>${families}</prefer></alias>`
  })
  await writeFile(
    path,
    `<?xml version="1.0"?>
<!DOCTYPE fontconfig SYSTEM "fonts.dtd">
<fontconfig>
${[...aliases, ...dirs].join('\n')}
<include ignore_missing="yes">/etc/fonts/fonts.conf</include>
<cachedir>${inXml(join(profile.folder, 'fonts'))}</cachedir>
</fontconfig>
`,
    { mode: 0o644 },
  )
  return path
}

function inXml(text: string): string {
  return text.replace(/[<&]/g, (sign) => `&#${sign.charCodeAt(0)};`)
}
