import { randomUUID } from 'node:crypto'
import type { Logger } from 'pino'
import { startShipper } from '../edge/log/shipper.ts'
import { openSpool } from '../edge/log/spool.ts'
import type { Page } from './asked.ts'
import type { ThumbnailerSettings } from './settings.ts'

/** Bound on what waits for the collector, bytes: some 500,000 pictures. */
const SPOOL_BYTES_MAX = 64 * 1_048_576

/** Tells the collector of pictures that were made, which are billed. Disposing sends what is left. */
export interface Renders extends AsyncDisposable {
  /** Pictures of a page were made and kept. Never throws and never waits. */
  made(page: Page): void
}

/**
 * Goes the way of an edge's log, so that each counts once: memory, a segment on the disk within a second, the
 * collector. Told by the program that made it, not by what the browser asked of an edge: that anybody could ask.
 */
export async function tellOfRenders(
  { node, key, billing }: ThumbnailerSettings,
  log: Logger,
): Promise<Renders> {
  if (billing === undefined) {
    return { made: () => undefined, [Symbol.asyncDispose]: async () => undefined }
  }
  const { collector, spool: directory } = billing
  await using starting = new AsyncDisposableStack()
  const spoolBytesMax = SPOOL_BYTES_MAX
  starting.use(await startShipper({ directory, spoolBytesMax, node, collector, key, log }))
  const spool = starting.use(openSpool(directory, log))
  const parts = starting.move()
  return {
    made: ({ url }) =>
      spool.appendEvent({
        kind: 'render',
        id: randomUUID(),
        timeMs: Date.now(),
        node,
        distribution: '',
        host: new URL(url).hostname,
        quantity: 1,
      }),
    [Symbol.asyncDispose]: () => parts.disposeAsync(),
  }
}
