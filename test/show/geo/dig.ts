/**
 * `npm run show:dig`: BIND's dig against a router with the example's fleet of twelve cities. Viewers of ten countries on
 * five continents (real networks of universities and providers there) each get the edge that a person would pick from
 * a map, and the ways of DNS that resolvers use all work.
 */
import { execFileSync } from 'node:child_process'
import { describeError } from '../../../edge/program/errors.ts'
import { findTool, ToolMissing } from '../../bench/tools.ts'
import { freePort } from '../../free-port.ts'
import { startRouterProcess } from './router-process.ts'

const FLEET = new URL('../../../deploy/fleet.example.yaml', import.meta.url).pathname

/** A network, whose it is, and the edges that a person would pick. */
const VIEWERS = [
  ['133.11.0.0/16', 'Japan: University of Tokyo', 'hnd1'],
  ['137.132.0.0/16', 'Singapore: National University', 'sin1'],
  ['103.21.124.0/22', 'India: IIT Bombay', 'bom1'],
  ['129.132.0.0/16', 'Switzerland: ETH Zürich', 'fra1'],
  ['145.100.0.0/16', 'Netherlands: SURF, Amsterdam', 'ams1'],
  ['129.175.0.0/16', 'France: Université Paris-Saclay', 'cdg1'],
  ['155.198.0.0/16', 'Britain: Imperial College, London', 'lhr1'],
  ['128.32.0.0/16', 'United States: Berkeley', 'sfo1'],
  ['128.8.0.0/16', 'United States: University of Maryland', 'iad1'],
  ['143.107.0.0/16', 'Brazil: University of São Paulo', 'gru1'],
  ['146.141.0.0/16', 'South Africa: Witwatersrand, Johannesburg', 'jnb1'],
  ['129.78.0.0/16', 'Australia: University of Sydney', 'syd1'],
] as const

const ADDRESS_OF = Object.fromEntries(
  'ams1 cdg1 lhr1 fra1 iad1 sfo1 gru1 jnb1 bom1 sin1 hnd1 syd1'
    .split(' ')
    .map((code, at) => [code, [`192.0.2.${at + 1}`, `2001:db8::${(at + 1).toString(16)}`]]),
)

let failed = 0
try {
  const dig = findTool('dig')
  if (dig === undefined) throw new ToolMissing('dig', 'it asks the router', 'bind9-dnsutils')
  await show(dig)
  process.exitCode = failed === 0 ? 0 : 1
} catch (error) {
  process.stderr.write(`${describeError(error)}\n`)
  process.exitCode = 2
}

async function show(dig: string): Promise<void> {
  const [dns, http, admin] = [await freePort(), await freePort(), await freePort()]
  const options = [
    '--fleet',
    FLEET,
    '--dns-port',
    String(dns),
    '--http-port',
    String(http),
    '--host',
    '127.0.0.1',
  ]
  await using _ = await startRouterProcess([...options, '--assume-healthy'], admin)
  const ask = (...words: string[]) =>
    execFileSync(dig, ['@127.0.0.1', '-p', String(dns), '+tries=1', ...words], { encoding: 'utf8' })

  for (const [subnet, who, edge] of VIEWERS) {
    const short = (type: string) => ask('www.edge.example', type, `+subnet=${subnet}`, '+short').trim()
    const [v4 = '', v6 = ''] = ADDRESS_OF[edge] ?? []
    const where = ask('where.edge.example', 'TXT', `+subnet=${subnet}`, '+short').trim()
    const isRight =
      short('A') === v4 &&
      short('AAAA') === v6 &&
      short('HTTPS').includes(`ipv4hint=${v4}`) &&
      where.startsWith(`"${edge}"`)
    line(isRight, `${who} (${subnet}): ${where}`)
  }

  const tcp = ask('www.edge.example', 'A', '+tcp')
  line(/status: NOERROR/.test(tcp) && /\(TCP\)/.test(tcp), '+tcp')
  const small = ask('edge.example', 'NS', '+bufsize=512', '+ignore')
  line(/status: NOERROR/.test(small) && rcvd(small) <= 512, `+bufsize=512: ${rcvd(small)} bytes`)
  const plain = ask('edge.example', 'A', '+noedns')
  line(/status: NOERROR/.test(plain) && !/EDNS/.test(plain), '+noedns')
  const any = ask('edge.example', 'ANY', '+qr')
  line(/HINFO\s+"RFC8482"/.test(any), `+qr ANY: ${rcvd(any)} bytes`)
  line(/status: NXDOMAIN[\s\S]*SOA/.test(ask('no.where.edge.example', 'A')), 'NXDOMAIN with the SOA')
  const noData = ask('where.edge.example', 'A')
  line(/status: NOERROR[\s\S]*ANSWER: 0[\s\S]*SOA/.test(noData), 'NODATA with the SOA')
  line(/status: REFUSED/.test(ask('example.org', 'A')), 'REFUSED for another zone')
  line(/wWw\.eDGe\.example\.\s+30\s+IN\s+A/.test(ask('wWw.eDGe.example', 'A')), '0x20: case is kept')
  const scope = /CLIENT-SUBNET: (\S+)/.exec(ask('www.edge.example', 'A', '+subnet=133.11.7.9/32'))?.[1]
  line(scope === '133.11.7.9/32/24', `a /32 is asked for, the scope is 24: ${scope}`)
  line(/COOKIE: [0-9a-f]{48} \(good\)/.test(ask('edge.example', 'A', '+cookie')), 'a cookie is given')
  line(/status: BADVERS/.test(ask('edge.example', 'A', '+edns=1', '+noednsneg')), 'EDNS version 1 is BADVERS')
  process.stdout.write(failed === 0 ? 'all as they should be\n' : `${failed} not as they should be\n`)
}

function rcvd(answer: string): number {
  return Number(/MSG SIZE\s+rcvd: (\d+)/.exec(answer)?.[1])
}

function line(isRight: boolean, what: string): void {
  if (!isRight) failed += 1
  process.stdout.write(`${isRight ? 'ok    ' : 'WRONG '}${what}\n`)
}
