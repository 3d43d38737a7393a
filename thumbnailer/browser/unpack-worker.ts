/**
 * Runs in a thread whose temporary folder is the one to unpack to; see `npm-browser.ts`. The thread
 * has an environment of its own, which the package alters as it pleases.
 */
import { join } from 'node:path'
import { workerData } from 'node:worker_threads'
import { inflate } from '@sparticuz/chromium'

// The package's tar reader asks whether it is root, and if so hands files to the owners that the archive
// names: strangers here, and an error where there is but one user. All files are to be ours.
process.getuid = () => -1

const { archives } = workerData as { archives: string }
// Not `swiftshader.tar.br`: it is for WebGL, which stays off.
const wanted = ['chromium.br', 'fonts.tar.br', 'al2023.tar.br']
await Promise.all(wanted.map((archive) => inflate(join(archives, archive))))
