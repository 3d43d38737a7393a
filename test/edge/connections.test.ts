import { once } from 'node:events'
import { createServer as createHttpServer } from 'node:http'
import { type AddressInfo, connect, createServer, type Socket } from 'node:net'
import { setImmediate as turn } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { startConnections } from '../../edge/listen/connections.ts'
import { newConnection } from '../../edge/listen/lane-connection.ts'
import { listenLimits } from '../../edge/listen/settings.ts'

test('when many who don’t read are gone in one moment, their connections are closed a few a turn', async () => {
  const connections = startConnections(listenLimits.parse(undefined))
  let closed = 0
  const accepted: Socket[] = []
  const server = createServer((socket) => {
    accepted.push(socket)
    connections.watch(newConnection(socket, connections.coarseMs))
    socket.on('error', () => undefined)
    socket.on('close', () => {
      closed += 1
    })
    socket.write(Buffer.alloc(8_000_000))
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  const viewers = Array.from({ length: 64 }, () => connect({ host: '127.0.0.1', port }).pause())
  await expect.poll(() => accepted.filter((socket) => socket.writableLength > 0).length).toBe(64)

  for (const viewer of viewers) viewer.resetAndDestroy()
  const byTurn: number[] = []
  while (closed < 64) {
    const before = closed
    await turn()
    byTurn.push(closed - before)
  }

  // In the first turn some at once, and as many more at its end.
  expect(Math.max(...byTurn)).toBeLessThanOrEqual(16)
  server.close()
  connections.stop()
})

test('of a connection that we break off ourselves nothing more is read, however much waits to be seen to', async () => {
  const connections = startConnections(listenLimits.parse(undefined))
  const asked: string[] = []
  const slow = createHttpServer((request, response) => {
    asked.push(`${request.method} ${request.url}`)
    if (request.url === '/breaks') response.destroy(new Error('the origin broke off'))
    else response.end()
  })
  const server = createServer((socket) => {
    connections.watch(newConnection(socket, connections.coarseMs))
    slow.emit('connection', socket)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const client = connect({ host: '127.0.0.1', port: (server.address() as AddressInfo).port })
  client.on('error', () => undefined)
  for (let left = 0; left < 20_000; left += 1) connections.leaving(() => undefined)

  client.write('GET /breaks HTTP/1.1\r\nHost: a\r\n\r\n')
  while (asked.length === 0) await turn()
  client.write('POST /next HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n')
  for (let turns = 0; turns < 100; turns += 1) await turn()

  expect(asked).toEqual(['GET /breaks'])
  client.destroy()
  server.close()
  slow.close()
  connections.stop()
})
