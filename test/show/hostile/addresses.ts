import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'

/** Stands for the internet: a public address that only the test's own network has. */
export const PUBLIC_ADDRESS = '45.33.32.156'

/** Addresses that only a network of the test's own has. */
const OWN_ADDRESSES = ['169.254.169.254', '10.0.0.1', '192.168.0.1', 'fd00:ec2::254', PUBLIC_ADDRESS]

/** This machine in the spellings that parsers disagree on. */
const LOOPBACK_SPELLINGS = [
  '127.0.0.1',
  'localhost',
  'inside.localhost',
  'LOCALHOST',
  '127.1',
  '2130706433',
  '0x7f.1',
  '0177.0.0.1',
  '0',
  '0.0.0.0',
  '127.0.0.1.',
  '127。0。0。1',
  '①②⑦.0.0.1',
  'docs.localhost@127.0.0.1',
  '[::1]',
  '[::ffff:127.0.0.1]',
  '[::ffff:7f00:1]',
]

const NAMES: Record<string, readonly string[]> = {
  'loopback.example': ['127.0.0.1'],
  'metadata.example': ['169.254.169.254'],
  'private.example': ['10.0.0.1'],
  'mixed.example': [PUBLIC_ADDRESS, '127.0.0.1'],
  'six.example': ['::1'],
  'mapped.example': ['::ffff:127.0.0.1'],
  'nat64.example': ['64:ff9b::7f00:1'],
  'public.example': [PUBLIC_ADDRESS],
}

/** What the kit's name server answers; `rebind.example` is public when it is first asked for, and then inside. */
export function addressesOf(name: string, count: number): readonly string[] {
  if (name === 'rebind.example') return count === 0 ? [PUBLIC_ADDRESS] : ['127.0.0.1']
  return NAMES[name] ?? []
}

/** Set in the environment of the copy that runs in a network of its own. */
const INSIDE = 'SELVEDGE_HOSTILE_INSIDE'

/** Whether private and public addresses are this machine's own. */
export const hasOwnNetwork = process.env[INSIDE] !== undefined

/** Hosts that pages try. */
export const HOSTS = hasOwnNetwork
  ? [
      ...LOOPBACK_SPELLINGS,
      '169.254.169.254',
      '10.0.0.1',
      '192.168.0.1',
      '[fd00:ec2::254]',
      ...Object.keys(NAMES).filter((name) => name !== 'public.example'),
      'rebind.example',
    ]
  : [...LOOPBACK_SPELLINGS, 'loopback.example', 'six.example', 'mapped.example', 'nat64.example']

/** For a browser without a guard, which asks no name server of ours. */
export const UNGUARDED_RULES = `--host-resolver-rules=${[
  'MAP metadata.example 169.254.169.254',
  'MAP private.example 10.0.0.1',
  'MAP *.example 127.0.0.1',
].join()}`

/** Runs this program once more in a network of its own. @returns its status; `undefined` where that can't be, or is so */
export async function runInOwnNetwork(): Promise<number | undefined> {
  if (hasOwnNetwork || process.getuid?.() !== 0) return undefined
  if (spawnSync('unshare', ['--net', 'ip', 'link', 'set', 'lo', 'up']).status !== 0) return undefined
  const up = OWN_ADDRESSES.map(
    (address) => `ip addr add ${address}/${address.includes(':') ? 128 : 32} dev lo`,
  )
  const steps = ['ip link set lo up', ...up, 'exec "$0" "$@"'].join(' && ')
  const child = spawn('unshare', ['--net', 'sh', '-c', steps, process.execPath, ...process.argv.slice(1)], {
    stdio: 'inherit',
    env: { ...process.env, [INSIDE]: 'yes' },
  })
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => child.kill(signal))
  const [status] = await once(child, 'exit')
  return status ?? 1
}
