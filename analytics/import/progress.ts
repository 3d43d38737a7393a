import { basename } from 'node:path'
import type { OnRead } from './log-file.ts'

/** Tells how far an import is. */
export interface Progress {
  /** A file is looked at. */
  begin(path: string): void
  /** It is known already: nothing of it is read again. */
  skip(): void
  read: OnRead
  /** Something else takes its time. */
  say(what: string): void
  end(): void
}

/** How often a terminal is drawn anew, and how often a line is printed where there is none, ms. */
const DRAW_MS = 200
const PRINT_MS = 10_000

const BAR = 30
const MEGABYTE = 1_048_576

/**
 * A bar on a terminal, a line now and then in a file.
 *
 * @param sizes bytes of each file on disk
 */
export function showProgress(
  sizes: ReadonlyMap<string, number>,
  to: { isTTY?: boolean | undefined; write(text: string): unknown },
): Progress {
  const total = [...sizes.values()].reduce((sum, size) => sum + size, 0)
  const isTerminal = to.isTTY === true
  const startedMs = performance.now()
  let [read, ofFile, size] = [0, 0, 0]
  let name = ''
  let drawnMs = performance.now() - (isTerminal ? DRAW_MS : 0)

  function text(): string {
    const share = total === 0 ? 1 : Math.min(1, read / total)
    const seconds = Math.round((performance.now() - startedMs) / 1_000)
    const bar = '█'.repeat(Math.round(share * BAR)).padEnd(BAR, '░')
    const megabytes = `${Math.round(read / MEGABYTE)} of ${Math.round(total / MEGABYTE)} MB`
    return `${isTerminal ? `${bar} ` : ''}${Math.floor(share * 100)} %  ${megabytes}  ${seconds} s  ${name}`
  }

  function draw(what: string): void {
    drawnMs = performance.now()
    to.write(isTerminal ? `\r\x1b[2K${what}` : `${what}\n`)
  }

  return {
    begin(path) {
      name = basename(path).replace(/[^\x20-\x7e]/g, '?')
      size = sizes.get(path) ?? 0
      ofFile = 0
      if (isTerminal) draw(text())
    },
    skip() {
      read += size - ofFile
    },
    read(bytes) {
      read += bytes
      ofFile += bytes
      if (performance.now() - drawnMs >= (isTerminal ? DRAW_MS : PRINT_MS)) draw(text())
    },
    say: draw,
    end() {
      if (isTerminal) to.write('\r\x1b[2K')
    },
  }
}
