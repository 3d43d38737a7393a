import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Socket } from 'node:net'
import { pino } from 'pino'
import { expect, test } from 'vitest'
import { checkInternals, makesRequests, PUBLIC_ONLY } from '../../edge/listen/node-internals.ts'

const quiet = pino({ level: 'silent' })

test('this Node has what connections are read by', async () => {
  expect(await checkInternals(quiet)).toEqual({ ownReads: true })
})

test('of a Node that would end the process over it nothing is tried', () => {
  const known = ['20.19.5', '26.9.0', '26.10.0', '26.11.1', '27.0.0'].filter(makesRequests)
  expect(known).toEqual(['26.10.0', '26.11.1'])
})

test('where handles take no buffer of ours, connections are read as Node documents it, and nothing ends', async () => {
  const methods = await methodsOfHandles()
  const { useUserBuffer } = methods
  delete methods.useUserBuffer
  try {
    expect(await checkInternals(quiet)).toBe(PUBLIC_ONLY)
  } finally {
    methods.useUserBuffer = useUserBuffer
  }
})

test('where handles write no bytes of ours, they are written as Node documents it', async () => {
  const tcp = Object.getPrototypeOf(await handleOfTcp())
  tcp.writeBuffer = (request: unknown) => {
    if (request === null) throw new TypeError('a request is missing')
  }
  try {
    expect(await checkInternals(quiet)).toBe(PUBLIC_ONLY)
  } finally {
    delete tcp.writeBuffer
  }
})

/** Where the handles of this process's connections have their `useUserBuffer` from. */
async function methodsOfHandles(): Promise<{ useUserBuffer?: unknown }> {
  let at = await handleOfTcp()
  while (!Object.hasOwn(at, 'useUserBuffer')) at = Object.getPrototypeOf(at)
  return at
}

async function handleOfTcp(): Promise<object> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const client = connect({ host: '127.0.0.1', port: (server.address() as AddressInfo).port })
  const [socket] = (await once(server, 'connection')) as [Socket]
  const { _handle: handle } = socket as unknown as { _handle: object }
  client.destroy()
  socket.destroy()
  server.close()
  return handle
}
