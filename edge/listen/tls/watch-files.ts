import { stat } from 'node:fs/promises'

/**
 * Looks at files again and again, for `fs.watch` hears nothing of some file systems and of links that are
 * turned elsewhere, and acts once they have changed and then stayed as they are for one look: whoever
 * replaces two of them is seldom in between.
 *
 * @param lookMs between two looks
 * @param act returns whether it could use them; if not, it is called again at the next look
 */
export async function watchFiles(
  files: readonly string[],
  lookMs: number,
  act: () => boolean,
): Promise<Disposable> {
  let used = await stateOf(files)
  let last = used
  let timer = setTimeout(look, lookMs).unref()
  let isOver = false

  async function look(): Promise<void> {
    const state = await stateOf(files)
    if (isOver) return
    if (state === last && state !== used && act()) used = state
    last = state
    timer = setTimeout(look, lookMs).unref()
  }

  return {
    [Symbol.dispose]() {
      isOver = true
      clearTimeout(timer)
    },
  }
}

/** What changes whenever a file does, even if it keeps its length or its time. A file that isn't there is a state too. */
async function stateOf(files: readonly string[]): Promise<string> {
  const states = files.map((file) =>
    stat(file).then(
      ({ ino, size, mtimeMs, ctimeMs }) => `${ino} ${size} ${mtimeMs} ${ctimeMs}`,
      (error: NodeJS.ErrnoException) => `${error.code}`,
    ),
  )
  return (await Promise.all(states)).join()
}
