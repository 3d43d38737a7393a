import { spawnSync } from 'node:child_process'
import { createServer } from 'node:net'
import { expect, test } from 'vitest'
import { serveDns } from '../../edge/geo/dns/serve.ts'
import { PortInUse } from '../../edge/program/errors.ts'

const LIMITS = { connectionsMax: 10, idleMs: 1_000 }
const HOST = '127.0.0.1'

/** A network of four ports, three of them taken for TCP. */
const FEW_PORTS = `
  import { once } from 'node:events'
  import { createServer } from 'node:net'
  import { serveDns } from './edge/geo/dns/serve.ts'
  for (const port of [40000, 40001, 40003]) await once(createServer().listen(port, '${HOST}'), 'listening')
  const { port } = await serveDns({ host: '${HOST}', port: 0 }, () => undefined, ${JSON.stringify(LIMITS)})
  process.stdout.write(String(port))
  process.exit()
`
const IN_IT = `
  ip link set lo up
  echo 40000 40003 > /proc/sys/net/ipv4/ip_local_port_range
  exec "$0" --input-type=module -e "$1"
`

test.skipIf(spawnSync('unshare', ['--net', 'ip', 'link', 'set', 'lo', 'up']).status !== 0)(
  'any port is one that is free for UDP and TCP',
  () => {
    const { stdout, stderr } = spawnSync('unshare', ['--net', 'sh', '-c', IN_IT, process.execPath, FEW_PORTS])
    expect(`${stdout}${stderr}`).toBe('40002')
  },
)

test('a port that is taken for TCP is told, and UDP is left too', async () => {
  const taken = createServer()
  const port = await new Promise<number>((resolve) =>
    taken.listen(0, HOST, () => resolve((taken.address() as { port: number }).port)),
  )
  const asked = () => serveDns({ host: HOST, port }, () => undefined, LIMITS)
  await expect(asked()).rejects.toThrow(PortInUse)
  await expect(asked()).rejects.toThrow('DNS over TCP')
  taken.close()
  await using server = await asked()
  expect(server.port).toBe(port)
})
