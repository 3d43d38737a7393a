import { createHash } from 'node:crypto'
import { chmod, copyFile, mkdir, mkdtemp, readFile, rename, rm } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { basename, dirname, join } from 'node:path'

/**
 * Fonts by npm package, the two weights that pages use most, so that pages look alike on every machine.
 * All are under the SIL Open Font License 1.1, but Arimo, Tinos and Cousine, under the Apache License 2.0.
 *
 * Arimo, Tinos and Cousine are as wide as Arial, Times New Roman and Courier New: lines break where
 * their makers saw them break. The others bring scripts that would be blank: Chinese and Japanese, Korean,
 * Arabic, Hebrew, Devanagari, emoji.
 */
const FONTS: Readonly<Record<string, readonly string[]>> = {
  '@expo-google-fonts/arimo': [
    '400Regular/Arimo_400Regular.ttf',
    '400Regular_Italic/Arimo_400Regular_Italic.ttf',
    '700Bold/Arimo_700Bold.ttf',
    '700Bold_Italic/Arimo_700Bold_Italic.ttf',
  ],
  '@expo-google-fonts/tinos': [
    '400Regular/Tinos_400Regular.ttf',
    '400Regular_Italic/Tinos_400Regular_Italic.ttf',
    '700Bold/Tinos_700Bold.ttf',
    '700Bold_Italic/Tinos_700Bold_Italic.ttf',
  ],
  '@expo-google-fonts/cousine': [
    '400Regular/Cousine_400Regular.ttf',
    '400Regular_Italic/Cousine_400Regular_Italic.ttf',
    '700Bold/Cousine_700Bold.ttf',
  ],
  '@embedpdf/fonts-sc': ['fonts/NotoSansHans-Regular.otf', 'fonts/NotoSansHans-Bold.otf'],
  '@embedpdf/fonts-kr': ['fonts/NotoSansKR-Regular.otf', 'fonts/NotoSansKR-Bold.otf'],
  '@embedpdf/fonts-hebrew': ['fonts/NotoSansHebrew-Regular.ttf', 'fonts/NotoSansHebrew-Bold.ttf'],
  '@expo-google-fonts/noto-sans-arabic': [
    '400Regular/NotoSansArabic_400Regular.ttf',
    '700Bold/NotoSansArabic_700Bold.ttf',
  ],
  '@expo-google-fonts/noto-sans-devanagari': [
    '400Regular/NotoSansDevanagari_400Regular.ttf',
    '700Bold/NotoSansDevanagari_700Bold.ttf',
  ],
  '@expo-google-fonts/noto-color-emoji': ['400Regular/NotoColorEmoji_400Regular.ttf'],
}

/** Fonts beside the system's. */
export interface GatheredFonts {
  /** Where they are, readable by the browser's user; `undefined` when none of the packages is installed. */
  folder: string | undefined
  /** Packages that are not installed: `npm install --omit=optional` leaves them out. */
  missing: string[]
}

/**
 * Copies the fonts out of `node_modules`, 60 MB, to a folder that carries their packages' versions and
 * gets its name last, so it is there whole or not at all.
 *
 * @param parent folder that only we can write
 */
export async function gatherFonts(parent: string): Promise<GatheredFonts> {
  const packages = await Promise.all(Object.keys(FONTS).map(locate))
  const found = packages.filter(({ root }) => root !== undefined)
  const missing = packages.filter(({ root }) => root === undefined).map(({ name }) => name)
  if (found.length === 0) return { folder: undefined, missing }
  const names = found.map(({ name, version }) => `${name}@${version}`).join('\n')
  const folder = join(parent, `fonts-${createHash('sha256').update(names).digest('hex').slice(0, 12)}`)
  const files = found.flatMap(({ name, root = '' }) => (FONTS[name] ?? []).map((file) => join(root, file)))
  await copyAll(files, folder)
  return { folder, missing }
}

async function locate(name: string): Promise<{ name: string; root?: string; version?: string }> {
  try {
    // Some of these packages export no package.json, so its folder is where their code's path names them.
    const entry = createRequire(import.meta.url).resolve(name)
    const root = entry.slice(0, entry.lastIndexOf(name) + name.length)
    const { version } = JSON.parse(await readFile(join(root, 'package.json'), 'utf8')) as { version: string }
    return { name, root, version }
  } catch {
    return { name } // an optional dependency that was left out
  }
}

async function copyAll(files: readonly string[], folder: string): Promise<void> {
  await mkdir(dirname(folder), { recursive: true, mode: 0o755 })
  const staging = await mkdtemp(join(dirname(folder), `unpacking-${process.pid}-`))
  try {
    for (const file of files) {
      const copy = join(staging, basename(file))
      await copyFile(file, copy)
      await chmod(copy, 0o644)
    }
    await chmod(staging, 0o755)
    // There already, from another program or an earlier start: then that one.
    await rename(staging, folder).catch((error: NodeJS.ErrnoException) => {
      if (error.code !== 'ENOTEMPTY' && error.code !== 'EEXIST') throw error
    })
  } finally {
    await rm(staging, { recursive: true, force: true })
  }
}
