import { once } from 'node:events'
import { connect } from 'node:net'
import packet from 'dns-packet'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { serveTcp } from '../../edge/geo/dns/serve-tcp.ts'
import { edns, encoded, type Router, startRouter, subnet } from './router.ts'

let router: Router
beforeAll(async () => {
  router = await startRouter()
})
afterAll(() => router[Symbol.asyncDispose]())

/** The data of an answer's records. */
const dataOf = (answer: Pick<packet.DecodedPacket, 'answers'>) =>
  (answer.answers ?? []).map((one) => (one as { data: unknown }).data)
const optionOf = (answer: Pick<packet.DecodedPacket, 'additionals'>, code: number): Buffer | undefined => {
  const all = (answer.additionals ?? []) as { options?: { code: number; data: Buffer }[] }[]
  const opt = all.find(({ options }) => options !== undefined)
  return opt?.options?.find((one) => one.code === code)?.data
}

describe('where an edge is', () => {
  test.each([
    ['Amsterdam', '193.0.6.0', '192.0.2.1', '2001:db8::1'],
    ['Tokyo', '133.11.0.0', '192.0.2.11', '2001:db8::b'],
    ['Rio de Janeiro', '200.147.0.0', '192.0.2.7', '2001:db8::7'],
  ])('%s is sent to its own', async (_, network, v4, v6) => {
    const asking = edns([subnet(network)])
    expect(dataOf(await router.ask('www.edge.example', 'A', asking))).toEqual([v4])
    expect(dataOf(await router.ask('www.edge.example', 'AAAA', asking))).toEqual([v6])
  })

  test('HTTPS names port, protocols and addresses (RFC 9460)', async () => {
    const answer = await router.ask('edge.example', 'UNKNOWN_65', edns([subnet('133.11.0.0')]))
    expect((dataOf(answer)[0] as Buffer).toString('hex')).toBe(
      `000100${'0001000c026832'}08${Buffer.from('http/1.1').toString('hex')}${'00040004c000020b'}${'00060010'}${'20010db800000000000000000000000b'}`,
    )
  })

  test('an edge’s own name is always that edge', async () => {
    expect(dataOf(await router.ask('syd1.edge.example', 'A', edns([subnet('193.0.6.0')])))).toEqual([
      '192.0.2.12',
    ])
  })

  test('where.<zone> says the edge, how far it is and the place', async () => {
    const [texts] = dataOf(
      await router.ask('where.edge.example', 'TXT', edns([subnet('193.0.6.0')])),
    ) as Buffer[][]
    const [edge, distance, place] = (texts ?? []).map(String)
    expect(edge).toBe('ams1')
    expect(distance).toMatch(/^\d+ km$/)
    expect(place).toMatch(/Amsterdam.*NL/)
  })

  test('an override comes first', async () => {
    expect(dataOf(await router.ask('www.edge.example', 'A', edns([subnet('203.0.113.0')])))).toEqual([
      '192.0.2.10',
    ])
  })

  test('its TTL is short', async () => {
    const { answers } = await router.ask('edge.example', 'A')
    expect(answers?.[0]).toMatchObject({ ttl: 30 })
  })
})

describe('the zone', () => {
  test('NS with the addresses, SOA, CAA, TXT', async () => {
    const ns = await router.ask('edge.example', 'NS')
    expect(dataOf(ns)).toEqual(['ns1.edge.example', 'ns2.edge.example'])
    expect(ns.additionals?.map((one) => (one as { data: string }).data)).toContain('192.0.2.53')
    expect(dataOf(await router.ask('edge.example', 'SOA'))[0]).toMatchObject({
      mname: 'ns1.edge.example',
      minimum: 30,
    })
    expect(dataOf(await router.ask('edge.example', 'CAA'))[0]).toMatchObject({
      tag: 'issue',
      value: 'letsencrypt.org',
    })
    expect(String(dataOf(await router.ask('edge.example', 'TXT')))).toBe('a zone of examples')
  })

  test('no such name is NXDOMAIN, no such data is NODATA, each with the SOA', async () => {
    const none = await router.ask('a.where.edge.example', 'A')
    expect(none).toMatchObject({ rcode: 'NXDOMAIN', flag_aa: true, answers: [] })
    expect(none.authorities?.[0]).toMatchObject({ name: 'edge.example', type: 'SOA', ttl: 30 })
    const noData = await router.ask('www.edge.example', 'MX')
    expect(noData).toMatchObject({ rcode: 'NOERROR', flag_aa: true, answers: [] })
    expect(noData.authorities?.[0]).toMatchObject({ type: 'SOA' })
  })

  test('a wildcard stands for names of any depth that nothing else is', async () => {
    expect(dataOf(await router.ask('a.b.edge.example', 'A'))).toHaveLength(1)
    expect(dataOf(await router.ask('ns1.edge.example', 'A'))).toEqual(['192.0.2.53'])
  })

  test('other zones, classes and transfers are refused', async () => {
    expect(await router.ask('example.org', 'A')).toMatchObject({ rcode: 'REFUSED', flag_aa: false })
    expect(await router.ask('notedge.example', 'A')).toMatchObject({ rcode: 'REFUSED' })
    expect(await router.ask('edge.example', 'AXFR')).toMatchObject({ rcode: 'REFUSED' })
    const chaos = { questions: [{ name: 'version.bind', type: 'TXT', class: 'CH' } as never] }
    expect(await router.ask('', 'TXT', chaos)).toMatchObject({ rcode: 'REFUSED' })
  })

  test('a name comes back in the case it was asked in (0x20)', async () => {
    const { questions, answers } = await router.ask('wWw.EdGe.eXample', 'A')
    expect(questions?.[0]?.name).toBe('wWw.EdGe.eXample')
    expect(answers?.[0]?.name).toBe('wWw.EdGe.eXample')
  })

  test('ANY is answered with as little as can be (RFC 8482)', async () => {
    const { answers } = await router.ask('edge.example', 'ANY')
    expect(answers).toHaveLength(1)
    expect(answers?.[0]).toMatchObject({ type: 'HINFO', data: { cpu: 'RFC8482' } })
  })
})

describe('client subnet (RFC 7871)', () => {
  test('the scope says for whom the answer holds, and is /24 and /56 at most', async () => {
    const narrow = optionOf(await router.ask('www.edge.example', 'A', edns([subnet('193.0.6.139', 32)])), 8)
    expect(narrow?.toString('hex')).toBe('00012018c100068b')
    const six = await router.ask('www.edge.example', 'AAAA', edns([subnet('2a02:898:1:2::', 64)]))
    expect(optionOf(six, 8)?.[3]).toBeLessThanOrEqual(56)
  })

  test('what is the same for all has scope 0', async () => {
    expect(optionOf(await router.ask('edge.example', 'NS', edns([subnet('193.0.6.0')])), 8)?.[3]).toBe(0)
  })

  test('who wants no subnet looked at gets the resolver’s own answer, scope 0', async () => {
    const data = Buffer.from([0, 1, 0, 0])
    const answer = await router.ask('where.edge.example', 'TXT', edns([{ code: 8, data }]))
    expect(optionOf(answer, 8)).toEqual(data)
    expect(String((dataOf(answer) as Buffer[][])[0]?.[2])).toBe('unknown')
  })

  test.each([
    ['bits past its prefix', [0, 1, 24, 0, 10, 0, 0, 1]],
    ['a byte too few', [0, 1, 24, 0, 10, 0]],
    ['a scope of its own', [0, 1, 24, 24, 10, 0, 0]],
    ['a family that is none', [0, 9, 24, 0, 10, 0, 0]],
    ['a prefix too long', [0, 1, 33, 0, 10, 0, 0, 0, 0]],
    ['next to nothing', [0, 1]],
  ])('one with %s is FORMERR', async (_, bytes) => {
    const answer = await router.ask('edge.example', 'A', edns([{ code: 8, data: Buffer.from(bytes) }]))
    expect(answer.rcode).toBe('FORMERR')
  })
})

describe('EDNS (RFC 6891) and cookies (RFC 7873)', () => {
  test('a version that we don’t speak is BADVERS', async () => {
    const additionals = [
      { type: 'OPT', name: '.', udpPayloadSize: 1_232, ednsVersion: 1, flags: 0, options: [] } as never,
    ]
    const { rcode, additionals: ours } = await router.ask('edge.example', 'A', { additionals })
    expect([rcode, (ours as { extendedRcode?: number }[])[0]?.extendedRcode]).toEqual(['NOERROR', 1])
  })

  test('who says nothing of EDNS is told nothing of it', async () => {
    expect((await router.ask('edge.example', 'A')).additionals).toEqual([])
  })

  test('a cookie comes back with ours; ours comes back as good', async () => {
    const client = Buffer.from('0123456789abcdef', 'hex')
    const first = optionOf(await router.ask('edge.example', 'A', edns([{ code: 10, data: client }])), 10)
    expect(first).toHaveLength(24)
    expect(first?.subarray(0, 8)).toEqual(client)
    const again = await router.ask('edge.example', 'A', edns([{ code: 10, data: first as Buffer }]))
    expect(optionOf(again, 10)).toHaveLength(24)
    const odd = await router.ask('edge.example', 'A', edns([{ code: 10, data: client.subarray(1) }]))
    expect(odd.rcode).toBe('FORMERR')
  })

  test('a question for nothing but a cookie is answered with one', async () => {
    const cookie = Buffer.from('0123456789abcdef', 'hex')
    const answer = await router.ask('', 'A', { questions: [], ...edns([{ code: 10, data: cookie }]) })
    expect(answer.rcode).toBe('NOERROR')
    expect(optionOf(answer, 10)).toHaveLength(24)
  })
})

describe('sizes', () => {
  const many = Array.from({ length: 10 }, (_, at) => `"${String(at).repeat(120)}"`).join(', ')
  test('what is too long for UDP is truncated, and whole over TCP', async () => {
    await using large = await startRouter((text) => text.replace('"@": [', `"@": [${many}, `))
    const plain = await large.ask('edge.example', 'TXT')
    expect(plain).toMatchObject({ flag_tc: true, answers: [] })
    const wide = await large.ask('edge.example', 'TXT', edns([], 65_535))
    expect(wide).toMatchObject({ flag_tc: true })
    const [answer] = await large.askOverTcp(encoded('edge.example', 'TXT'))
    const whole = packet.decode(answer as Buffer)
    expect(whole).toMatchObject({ flag_tc: false })
    expect((dataOf(whole) as Buffer[][])[0]).toHaveLength(11)
  })

  test('addresses of name servers are left out where they don’t fit, and nothing is truncated', async () => {
    await using large = await startRouter((text) =>
      text
        .replace(
          'addresses: [192.0.2.53,',
          `addresses: [${Array.from({ length: 7 }, (_, at) => `192.0.2.${60 + at}`)},`,
        )
        .replace(
          '    - { name: ns2.edge.example',
          `${Array.from({ length: 9 }, (_, at) => `    - { name: a-name-server-with-a-long-name-${at}.example.net }`).join('\n')}\n    - { name: ns2.edge.example`,
        ),
    )
    const answer = await large.ask('edge.example', 'NS', edns([], 700))
    expect(answer).toMatchObject({ flag_tc: false, rcode: 'NOERROR' })
    expect(answer.answers).toHaveLength(11)
  })
})

describe('rate limits', () => {
  const flood = async (limited: Router, more = {}) => {
    const heard = []
    for (let at = 0; at < 40; at++) {
      const answer = await limited.send(encoded('www.edge.example', 'A', more))
      heard.push(answer === undefined ? 'silence' : packet.decode(answer).flag_tc ? 'truncated' : 'whole')
    }
    return heard
  }
  const few = (text: string) => text.replace('ttlSeconds: 30', 'ttlSeconds: 30\n  responsesPerSecond: 1')

  test('alike answers to one network are few; each second of the rest says “ask over TCP”', async () => {
    await using limited = await startRouter(few)
    const heard = await flood(limited)
    expect(heard.slice(0, 2)).toEqual(['whole', 'whole'])
    expect(heard).toContain('silence')
    expect(heard).toContain('truncated')
    const answers = await limited.askOverTcp(
      ...Array.from({ length: 5 }, () => encoded('www.edge.example', 'A')),
    )
    expect(answers).toHaveLength(5)
  })

  test('types made up for a name that lacks them are one kind of answer', async () => {
    await using limited = await startRouter(few)
    const heard = []
    for (let type = 1_000; type < 1_010; type++)
      heard.push(await limited.send(encoded('www.edge.example', `UNKNOWN_${type}`)))
    expect(heard).toContain(undefined)
  })

  test('who has a cookie of ours is not limited', async () => {
    await using limited = await startRouter(few)
    const client = Buffer.from('0123456789abcdef', 'hex')
    const data = optionOf(await limited.ask('edge.example', 'SOA', edns([{ code: 10, data: client }])), 10)
    expect(new Set(await flood(limited, edns([{ code: 10, data: data as Buffer }])))).toEqual(
      new Set(['whole']),
    )
  })
})

describe('options of EDNS', () => {
  test.each([
    ['“keep this connection”, which has no place in UDP (RFC 7828 §3.2.1)', 11, '00'],
    ['keys, of an odd length', 14, '000102'],
    ['one that nobody knows', 65_001, 'ff'],
  ])('%s: passed over', async (_, code, hex) => {
    const option = Buffer.alloc(4 + hex.length / 2)
    option.writeUInt16BE(code)
    option.writeUInt16BE(hex.length / 2, 2)
    option.write(hex, 4, 'hex')
    const plain = encoded('edge.example', 'SOA', edns())
    plain.writeUInt16BE(option.length, plain.length - 2)
    const answer = await router.send(Buffer.concat([plain, option]))
    expect(answer && (packet.decode(answer) as { rcode?: string }).rcode).toBe('NOERROR')
  })
})

describe('what is no question', () => {
  test.each([
    ['an answer', Buffer.from(encoded('edge.example', 'A')).fill(0x80, 2, 3)],
    ['half a header', Buffer.from([1, 2, 3, 4, 5])],
    ['nothing', Buffer.alloc(0)],
  ])('%s is met with silence', async (_, bytes) => {
    expect(await router.send(bytes)).toBeUndefined()
  })

  test.each([
    ['a name that points to itself', [0xc0, 12, 0, 1, 0, 1]],
    ['a label longer than the message', [60, 1, 2, 3]],
    ['no type', [0]],
    ['bytes after its end', [0, 0, 1, 0, 1, 9, 9]],
  ])('%s is FORMERR', async (_, question) => {
    const bytes = Buffer.from([0xab, 0xcd, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0, ...question])
    const answer = await router.send(bytes)
    expect(answer?.subarray(0, 2)).toEqual(Buffer.from([0xab, 0xcd]))
    expect((answer as Buffer)[3]).toBe(0x01)
  })

  test('other opcodes are NOTIMP', async () => {
    const bytes = encoded('edge.example', 'SOA')
    bytes[2] = 0x28
    expect((await router.send(bytes))?.[3]).toBe(4)
  })
})

describe('TCP (RFC 7766)', () => {
  test('many questions on one connection are answered in order', async () => {
    const asked = Array.from({ length: 20 }, () => encoded('www.edge.example', 'A'))
    const answers = await router.askOverTcp(...asked)
    expect(answers.map((one) => one.readUInt16BE(0))).toEqual(asked.map((one) => one.readUInt16BE(0)))
  })

  test('who asks much and reads nothing is answered no further than that', async () => {
    let answered = 0
    const answer = () => {
      answered += 1
      return Buffer.alloc(60_000)
    }
    const at = { host: '127.0.0.1', port: 0 }
    await using server = await serveTcp(at, answer, { connectionsMax: 10, idleMs: 60_000 })
    const socket = connect(server.port, '127.0.0.1')
    const questions = 2_000
    socket.write(Buffer.concat(Array.from({ length: questions }, () => Buffer.from([0, 1, 0]))))
    await expect.poll(() => answered).toBeGreaterThan(0)
    expect(answered).toBeLessThan(questions)
    let bytes = 0
    for await (const chunk of socket) {
      bytes += (chunk as Buffer).length
      if (bytes === questions * 60_002) break
    }
    expect(answered).toBe(questions)
  })

  test('who is slow, or sends too much, is cut off', async () => {
    await using impatient = await startRouter((text) =>
      text.replace('ttlSeconds: 30', 'ttlSeconds: 30\n  tcpIdleMs: 100'),
    )
    for (const bytes of [[0], [0, 50, 1, 2], [0xff, 0xff]]) {
      const socket = connect(impatient.dns, '127.0.0.1')
      socket.on('error', () => undefined)
      socket.write(Buffer.from(bytes))
      await once(socket, 'close')
    }
    expect(await impatient.askOverTcp(encoded('edge.example', 'A'))).toHaveLength(1)
  })
})
