/**
 * The thumbnailer. Everything it is made of is made here, from the far end of a picture's way to the
 * near one. No other file opens a port, a file or a process when imported.
 */
import { listenOn, serveAdmin } from '../edge/program/admin.ts'
import { runProgram, type Starting } from '../edge/program/run.ts'
import { openObjectStore } from '../origin-shield/origin/open-object-store.ts'
import { chooseBrowser } from './browser/choose.ts'
import { renderGuarded } from './browser/guarded.ts'
import { keepBrowser, type Seat } from './browser/keeper.ts'
import { createPool } from './browser/pool.ts'
import type { PageToRender } from './browser/render.ts'
import { startBrowser } from './browser/start.ts'
import { createDrawings } from './drawings.ts'
import { portGates } from './egress/gates.ts'
import { startGuard } from './egress/guard.ts'
import { raiseNetworkWall } from './egress/namespace.ts'
import { guardOptions } from './egress/options.ts'
import { allowedBy, frontedBy } from './fronted.ts'
import { createGallery } from './gallery.ts'
import { createMetrics } from './metrics.ts'
import { tellOfRenders } from './renders.ts'
import { AGENT_NAME, createRobots } from './robots.ts'
import { createThumbnailServer } from './server.ts'
import { type ThumbnailerSettings, thumbnailerSettings } from './settings.ts'
import { createSiteLimit } from './site-limit.ts'
import { createStudio } from './studio.ts'
import { createThumbnails } from './thumbnails.ts'
import { createTurns } from './turns.ts'

const MEGABYTE = 1_048_576

await runProgram({ name: 'thumbnailer', schema: thumbnailerSettings, start })

async function start({ settings, log, parts }: Starting<ThumbnailerSettings>) {
  const store = parts.use(await openObjectStore(settings.store))
  const storeTrouble = await store.problem()
  if (storeTrouble !== undefined) log.error(`pictures can't be kept: ${storeTrouble}`)

  const turns = createTurns({
    concurrency: settings.concurrency,
    waitingMax: settings.queueMax,
    perSite: settings.perSiteConcurrency,
  })
  const metrics = createMetrics(() => turns.waiting)
  const isFronted = frontedBy(settings.fronted)
  const network = settings.networkNamespace ? await raiseNetworkWall() : 'the settings say so'
  const gates = typeof network === 'string' ? portGates() : network.gates
  const toGuard = guardOptions(settings, { isFronted, metrics, gates, log })
  const guard = parts.use(await startGuard(toGuard))
  const plan = await chooseBrowser(settings, { proxy: guard.shut, network }, log)
  const keeper = parts.use(
    createPool(settings.browsers, () =>
      keepBrowser({
        start: async () => {
          if (plan === undefined) throw new Error('no browser starts on this machine')
          // An edge may have made its certificate itself; others' have to be good.
          return startBrowser({ ...plan, takesCertificateOf: isFronted })
        },
        rendersMax: settings.rendersPerBrowser,
        bytesMax: settings.browserMegabytesMax * MEGABYTE,
        processBytesMax: settings.pageMegabytesMax * MEGABYTE,
        onStart: metrics.browserStarted,
        onLost: (reason) => log.warn(`the browser was lost: ${reason}`),
        onHeavy: (bytes) => log.warn({ bytes }, 'a page took more memory than it may, and was ended'),
      }),
    ),
  )

  if (plan !== undefined) keeper.warm()

  const { maxAgeSeconds, failureSeconds, versionsMax, memoryMegabytes } = settings
  const gallery = createGallery({ store, versionsMax, memoryBytesMax: memoryMegabytes * MEGABYTE, log })
  const isAllowed = allowedBy(isFronted, settings)
  const limits = {
    loadMsMax: settings.loadSecondsMax * 1_000,
    totalMsMax: settings.renderSecondsMax * 1_000,
    mayShow: isAllowed,
  }
  const render = (seat: Seat, page: PageToRender) => renderGuarded(guard, seat, page, limits)
  const onMade = parts.use(await tellOfRenders(settings, log)).made
  const nowMs = Date.now
  const robots = parts.use(createRobots(toGuard.judge, plan?.userAgent ?? AGENT_NAME, isFronted))
  const siteLimit = createSiteLimit(settings.rendersPerSite, nowMs)
  const studio = createStudio({
    turns,
    keeper,
    gallery,
    robots,
    siteLimit,
    metrics,
    render,
    onMade,
    log,
  })
  const thumbnails = createThumbnails({ gallery, studio, maxAgeSeconds, failureSeconds, nowMs, log })

  const server = createThumbnailServer({
    thumbnails,
    drawings: createDrawings({ turns, keeper, log }),
    isFronted: isAllowed,
    key: settings.key,
    nowMs,
    onAnswer: metrics.answered,
    log,
  })
  const listening = parts.use(
    await listenOn(server, settings.listen, 'thumbnails', 'the `listen` setting of the thumbnailer'),
  )
  // Disposed before the port is: who waits is told so, and who has begun is given what they came for.
  parts.use(turns)
  const admin = parts.use(
    await serveAdmin(settings.admin, {
      unready: () => (plan === undefined ? 'no browser starts on this machine; see the log' : undefined),
      metrics: metrics.text,
    }),
  )
  log.info({ port: listening.port, admin: admin.port, store: store.name }, 'pictures are given')
  return {}
}
