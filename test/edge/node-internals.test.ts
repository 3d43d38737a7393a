import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Socket } from 'node:net'
import { pino } from 'pino'
import { expect, test } from 'vitest'
import { checkInternals, PUBLIC_ONLY } from '../../edge/listen/node-internals.ts'

const quiet = pino({ level: 'silent' })

test('this Node has what connections are read by', async () => {
  expect(await checkInternals(quiet)).toEqual({ ownReads: true })
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

/** Where the handles of this process's connections have their `useUserBuffer` from. */
async function methodsOfHandles(): Promise<{ useUserBuffer?: unknown }> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const client = connect({ host: '127.0.0.1', port: (server.address() as AddressInfo).port })
  const [socket] = (await once(server, 'connection')) as [Socket]
  let at: object = (socket as unknown as { _handle: object })._handle
  while (!Object.hasOwn(at, 'useUserBuffer')) at = Object.getPrototypeOf(at)
  client.destroy()
  socket.destroy()
  server.close()
  return at
}
