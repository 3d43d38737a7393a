import { describe, expect, test } from 'vitest'
import { judgeAddress, readNetwork } from '../../thumbnailer/egress/address.ts'
import { createJudge } from '../../thumbnailer/egress/destination.ts'

/** Whatever is none of the public internet, and each way to write it that a resolver or `URL` lets through. */
const inside = `
  0.0.0.0 0.1.2.3 10.0.0.1 10.255.255.255 100.64.0.1 100.100.100.200 127.0.0.1 127.255.255.254 168.63.129.16
  169.254.169.254 169.254.170.2 172.16.0.1 172.31.255.255 192.0.0.192 192.0.2.1 192.31.196.1 192.52.193.1
  192.88.99.1 192.168.0.1 192.175.48.1 198.18.0.1 198.19.255.255 198.51.100.1 203.0.113.1 224.0.0.1
  239.255.255.255 240.0.0.1 255.255.255.255
  :: ::1 ::7f00:1 ::127.0.0.1 ::a9fe:a9fe ::8.8.8.8 ::ffff:127.0.0.1 ::ffff:7f00:1 ::ffff:8.8.8.8 ::ffff:0:7f00:1
  64:ff9b::7f00:1 64:ff9b::808:808 64:ff9b:1::1 64:ff9b:1:ffff::a00:1 100::1 100:0:0:1::1 2001::1 2001:0:1::1
  2001:2::1 2001:4:112::1 2001:10::1 2001:20::1 2001:30::1 2001:1ff::1 2001:db8::1 2002:7f00:1:: 2002:808:808::1
  2620:4f:8000::1 3ffe::1 3fff::1 4000::1 5f00::1 8000::1 fc00::1 fd00:ec2::254 fd20:ce::254 fe80::1 fe80::1%eth0
  fec0::1 ff02::1 2606:4700::5efe:a00:1 2606:4700::200:5efe:8.8.8.8 2606:4700::1%1`
  .trim()
  .split(/\s+/)

describe('an address', () => {
  test.each(inside)('%s is not public', (address) => {
    expect(judgeAddress(address)).toBeTypeOf('string')
  })

  test.each(['8.8.8.8', '1.1.1.1', '172.32.0.1', '100.128.0.1', '2606:4700::1111', '2a00:1450::1'])(
    '%s is public',
    (address) => {
      expect(judgeAddress(address)).toBeUndefined()
    },
  )

  test.each(['', 'localhost', '1.1.1.1.', '１２７.0.0.1', '1.1.1.1:80', '8.8.8.8%1'])(
    '%j is none',
    (text) => {
      expect(judgeAddress(text)).toBeTypeOf('string')
    },
  )

  test('that the operator denies is not public either', () => {
    expect(judgeAddress('8.8.8.8', [readNetwork('8.8.8.0/24')])).toBe('denied')
    expect(judgeAddress('8.8.4.4', [readNetwork('8.8.8.0/24')])).toBeUndefined()
  })
})

describe('a destination', () => {
  const names: Record<string, string[]> = {
    'public.example': ['8.8.8.8', '2606:4700::1111'],
    'mixed.example': ['8.8.8.8', '10.0.0.1'],
    'mixed6.example': ['8.8.8.8', '::1'],
    metadata: ['169.254.169.254'],
    'own.example': ['9.9.9.9'],
  }
  const judge = createJudge({
    isFronted: (host) => host === 'docs.example',
    edge: { host: '10.0.0.9', httpPort: 8_080, httpsPort: 8_443 },
    resolve: async (name) => names[name] ?? [],
    ports: [80, 443],
    deny: [],
    own: () => [readNetwork('9.9.9.9/32')],
  })

  test.each([
    [80, 8_080],
    [8_080, 8_080],
    [443, 8_443],
    [8_443, 8_443],
  ])('of a fronted site, port %i, is the edge at port %i', async (asked, port) => {
    expect(await judge('docs.example', asked)).toEqual({ addresses: ['10.0.0.9'], port })
  })

  test('of a public name is all its addresses', async () => {
    const addresses = ['8.8.8.8', '2606:4700::1111']

    expect(await judge('public.example', 443)).toEqual({ addresses, port: 443 })
  })

  test.each([
    ['docs.example', 22, 'port'],
    ['public.example', 22, 'port'],
    ['10.0.0.9', 8_080, 'port'],
    ['mixed.example', 80, 'not-public'],
    ['mixed6.example', 80, 'not-public'],
    ['metadata', 80, 'not-public'],
    ['own.example', 80, 'not-public'],
    ['127.0.0.1', 80, 'not-public'],
    ['[::ffff:7f00:1]', 80, 'not-public'],
    ['nowhere.example', 80, 'unknown-name'],
    ['docs.example.evil.example', 80, 'unknown-name'],
    ['127.1', 80, 'name'],
    ['0x7f.1', 80, 'name'],
    ['2130706433', 80, 'name'],
    ['a b', 80, 'name'],
    ['a'.repeat(300), 80, 'name'],
    ['', 80, 'name'],
  ])('%s port %i is refused: %s', async (host, port, because) => {
    expect(await judge(host, port)).toMatchObject({ because })
  })
})
