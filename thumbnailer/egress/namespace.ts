import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { closeSync, openSync } from 'node:fs'
import type { AddressInfo, Server, Socket } from 'node:net'
import { fileURLToPath } from 'node:url'
import type { Gates } from './gates.ts'

/** A network that holds nothing but the guard's gates. */
export interface NetworkWall {
  /** Goes first on the command line of whatever is to be inside, run as that user. */
  enter(uid: number): string[]
  gates: Gates
}

const LISTENER = fileURLToPath(new URL('./namespace-listener.ts', import.meta.url))

/** Longest wait for the namespace, ms. */
const RAISE_MS_MAX = 10_000

/**
 * Makes a network namespace with a loopback of its own and one port, which we accept connections of
 * from outside: a listening socket stays in the namespace that it was made in, whoever holds it. There is
 * no route out, no name server and no service of the machine's, so what gets around the browser's proxy
 * settings gets nowhere. The namespace lasts as long as our descriptor of it.
 *
 * @returns why there is none, where the system doesn't allow it: root and `unshare`, `nsenter`
 * (util-linux) and `ip` (iproute2) are needed
 */
export async function raiseNetworkWall(): Promise<NetworkWall | string> {
  if (process.platform !== 'linux') return 'there are no network namespaces here'
  if (process.getuid?.() !== 0) return 'only root may make a network namespace'
  const child = spawn(
    'unshare',
    ['--net', '--', 'sh', '-c', 'ip link set lo up && exec "$0" "$1"', process.execPath, LISTENER],
    { stdio: ['ignore', 'ignore', 'pipe', 'ipc'] },
  )
  const server = await listenerOf(child)
  if (typeof server === 'string') return server
  const descriptor = openSync(`/proc/${child.pid}/ns/net`, 'r')
  // Everything is in our hands: it has nothing more to do.
  child.kill('SIGKILL')
  await once(child, 'exit')
  const network = `--net=/proc/${process.pid}/fd/${descriptor}`
  return {
    enter: (uid) => ['nsenter', network, `--setuid=${uid}`, `--setgid=${uid}`, '--'],
    gates: addressGates(server, () => closeSync(descriptor)),
  }
}

/** The socket that it listens on, or why it doesn't. */
function listenerOf(child: ChildProcess): Promise<Server | string> {
  let said = ''
  child.stderr?.setEncoding('utf8').on('data', (text: string) => {
    said = (said + text).slice(0, 500)
  })
  return new Promise((resolve) => {
    let server: Server | undefined
    const giveUp = (why: string) => {
      child.kill('SIGKILL')
      resolve(said.trim() || why)
    }
    const timer = setTimeout(() => giveUp('it took too long'), RAISE_MS_MAX)
    child.once('error', (error) => giveUp(error.message))
    child.once('exit', () => giveUp('it ended'))
    child.once('close', () => clearTimeout(timer))
    child.on('message', (message, handle) => {
      // It has closed its own by then, so that no connection is accepted there.
      if (message === 'listener') server = handle as Server
      else if (server !== undefined) resolve(server)
    })
  })
}

/**
 * Gates that are addresses of the namespace's loopback, of which there are 16 million: each render has one
 * at random, so what comes to it is that render's.
 */
function addressGates(server: Server, onEnd: () => void): Gates {
  const { port } = server.address() as AddressInfo
  const open = new Map<string, (socket: Socket) => void>()
  server.on('connection', (socket: Socket) => {
    const accept = open.get(socket.localAddress ?? '')
    if (accept === undefined) socket.destroy()
    else accept(socket)
  })
  return {
    async open(onConnection) {
      const address = unusedAddress(open)
      open.set(address, onConnection)
      return {
        proxy: `http://${address}:${port}`,
        [Symbol.dispose]: () => open.delete(address),
      }
    },
    async [Symbol.asyncDispose]() {
      server.close()
      onEnd()
    },
  }
}

function unusedAddress(used: ReadonlyMap<string, unknown>): string {
  for (;;) {
    const byte = () => Math.floor(Math.random() * 254) + 1
    const address = `127.${byte()}.${byte()}.${byte()}`
    if (!used.has(address)) return address
  }
}
