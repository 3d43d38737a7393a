import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import type { Logger } from 'pino'
import type { Destination, Refusal, RefusalReason } from './destination.ts'
import { createForwarder, type Forwarder } from './forward.ts'
import type { Gates } from './gates.ts'
import { openPass, type Pass, type PassLimits, type SpentReason } from './pass.ts'
import { tunnel } from './tunnel.ts'

/** The browser's only way out: an HTTP proxy of ours, with a gate for each render. */
export interface Guard extends AsyncDisposable {
  /** A way out for one render, until disposed: then all its connections are cut. */
  open(): Promise<Exit>
  /** What a browser is told that is not rendering: a gate which lets nothing through. */
  readonly shut: string
}

/** One render's way out. */
export interface Exit extends Disposable {
  /** The proxy that its browser context is to use. */
  readonly proxy: string
  readonly refusals: readonly Refusal[]
  readonly bytes: number
  /** Resolves when the render has had all that it may of something. */
  readonly spent: Promise<SpentReason>
}

export interface GuardOptions {
  judge: (host: string, port: number) => Promise<Destination | Refusal>
  limits: PassLimits
  gates: Gates
  onRefused: (refusal: Refusal) => void
  /** What a render has had, when it is over. */
  onBytes: (bytes: number) => void
  log: Logger
}

/** Whose a connection is. */
interface Visitor {
  pass: Pass
  forwarder: Forwarder
}

/** Refusals of one render that are logged; more are counted only. */
const REFUSALS_LOGGED = 20

/** No render may use what comes in here. */
const NOTHING: PassLimits = { bytesMax: 0, requestsMax: 0, connectionsMax: 0, msMax: 2_147_483_647 }

/** Starts the guard. Nothing is let out until a pass is opened. */
export async function startGuard(options: GuardOptions): Promise<Guard> {
  const { judge, limits, gates, log } = options
  const visitors = new WeakMap<Socket, Visitor>()

  const server = createServer({ maxHeaderSize: 65_536 })
  // A connection lives as long as its render.
  server.keepAliveTimeout = 0
  server.requestTimeout = 0
  server.on('request', (request: IncomingMessage, response: ServerResponse) => {
    const visitor = visitors.get(request.socket)
    if (visitor === undefined) response.destroy()
    else void visitor.forwarder.forward(request, response)
  })
  server.on('connect', (request: IncomingMessage, socket: Socket, head: Buffer) => {
    const visitor = visitors.get(socket)
    if (visitor === undefined) socket.destroy()
    else void tunnel(visitor.pass, { authority: request.url ?? '', socket, head })
  })
  server.on('clientError', (_error, socket) => socket.destroy())

  async function openFor(passLimits: PassLimits, barred?: RefusalReason): Promise<Exit> {
    let told = 0
    const pass = openPass({
      judge,
      limits: passLimits,
      ...(barred !== undefined && { barred }),
      onRefused(refusal) {
        options.onRefused(refusal)
        told += 1
        if (told <= REFUSALS_LOGGED) log.warn(refusal, 'egress refused')
      },
    })
    const forwarder = createForwarder(pass)
    const gate = await gates.open((socket) => {
      // The browser may go away at any moment; 'close' says all that is to be said.
      socket.on('error', () => undefined)
      socket.setNoDelay(true)
      visitors.set(socket, { pass, forwarder })
      pass.hold(socket)
      server.emit('connection', socket)
    })
    return {
      proxy: gate.proxy,
      refusals: pass.refusals,
      spent: pass.spent,
      get bytes() {
        return pass.bytes
      },
      [Symbol.dispose]() {
        gate[Symbol.dispose]()
        pass[Symbol.dispose]()
        forwarder[Symbol.dispose]()
        options.onBytes(pass.bytes)
      },
    }
  }

  const shut = await openFor(NOTHING, 'no-render')
  return {
    shut: shut.proxy,
    open: () => openFor(limits),
    async [Symbol.asyncDispose]() {
      shut[Symbol.dispose]()
      await gates[Symbol.asyncDispose]()
    },
  }
}
