import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Socket } from 'node:net'
import { expect, test } from 'vitest'
import { houseInFrontOf } from './house.ts'
import { site } from './site.ts'

test('a stale answer says nothing of what the shield did for the request it was stored for', async () => {
  await using origin = await site({ 'cache-control': 'max-age=10, stale-if-error=1000', etag: '"a"' })
  await using relay = await relayTo()
  await using house = await houseInFrontOf(origin.url, { shields: [relay.url] })
  relay.leadsTo(house.shieldPort)

  const miss = await house.get('/page')
  house.clock.advanceSeconds(20)
  relay.cut()
  const stale = await house.get('/page')

  expect(miss.headers['cache-status']).toMatch(/^"test-shield"; fwd=uri-miss; .*"test"; fwd=uri-miss; /)
  expect(stale.body).toBe(miss.body)
  expect(stale.headers['cache-status']).toMatch(/^"test"; fwd=stale; /)
})

/** A way to a shield, until it is cut. */
async function relayTo() {
  let port: number | undefined
  const open = new Set<Socket>()
  const relay = createServer((edge) => {
    if (port === undefined) return void edge.destroy()
    const shield = connect({ host: '127.0.0.1', port })
    for (const side of [edge, shield]) {
      open.add(side)
      side.on('error', () => side.destroy())
    }
    edge.pipe(shield).pipe(edge)
  }).listen(0, '127.0.0.1')
  await once(relay, 'listening')
  const cut = () => {
    port = undefined
    for (const side of open) side.destroy()
  }
  return {
    url: `http://127.0.0.1:${(relay.address() as AddressInfo).port}`,
    leadsTo(shieldPort: number) {
      port = shieldPort
    },
    cut,
    async [Symbol.asyncDispose]() {
      cut()
      await new Promise((resolve) => relay.close(resolve))
    },
  }
}
