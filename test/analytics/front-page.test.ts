import { once } from 'node:events'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { createServer as createTlsServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import { generate } from 'selfsigned'
import { describe, expect, test } from 'vitest'
import { isBotAgent } from '../../analytics/collect/bot.ts'
import { connectEdge, USER_AGENT } from '../../analytics/front-page/edge-client.ts'
import { lookAtSite } from '../../analytics/front-page/look-at-site.ts'
import { organizationIn } from '../../analytics/front-page/organization.ts'
import { wordsOfPage } from '../../analytics/front-page/page-words.ts'
import { emailIn, plainText, webAddressIn } from '../../analytics/front-page/plain-text.ts'
import { securityContactIn } from '../../analytics/front-page/security-txt.ts'
import { type Answer, startSite } from '../thumbnailer/site.ts'
import { NOON } from './info-api.ts'

const words = (html: string) => wordsOfPage(html, 'http://www.a.example/')

describe('what a page says of itself', () => {
  test('title, description, name, language, author', () => {
    const said = words(`<!doctype html><html lang=de><head><title>
        Kaffee &amp; Kuchen &#8211; <b>fein</b>
      </title><meta name="Description" content="Wir backen.">
      <meta property="og:site_name" content="K&K"><meta name=author content="Erna">
      <meta name=keywords content="Kuchen, Kaffee"><title>another</title>`)

    expect(said).toMatchObject({
      title: 'Kaffee & Kuchen – <b>fein</b>',
      description: 'Wir backen.',
      siteName: 'K&K',
      author: 'Erna',
      keywords: 'Kuchen, Kaffee',
      language: 'de',
    })
  })

  test.each([
    ['none', '<p>nothing', ''],
    ['in a comment', '<!-- <title>no</title> --><title>yes</title>', 'yes'],
    ['in a script', '<script>"<title>no</title>"</script><title>yes</title>', 'yes'],
    ['of a drawing', '<svg><title>no</title></svg><title>yes</title>', 'yes'],
    ['in a text field', '<textarea><title>no</title></textarea><title>yes</title>', 'yes'],
    ['without an end', '<title>cut off', 'cut off'],
    ['empty', '<title> \n </title>', ''],
    ['with NUL', '<title>a\0b</title>', 'a\ufffdb'],
  ])('a title %s', (_, html, title) => {
    expect(words(html).title).toBe(title)
  })

  test('addresses of e-mail, the author’s apart', () => {
    const said = words(`<a href="mailto:desk@a.example?subject=x">x</a>
      <a rel="nofollow author" href="mailto:erna%40a.example">x</a><link rel=author href="/about">`)

    expect(said).toMatchObject({
      email: 'desk@a.example',
      authorEmail: 'erna@a.example',
      authorUrl: 'http://www.a.example/about',
    })
  })

  test('a page of one tag with endless attributes, or endlessly nested, is read no further', () => {
    const attributes = Array.from({ length: 60_000 }, (_, at) => `a${at}`).join(' ')

    expect(words(`<title>before</title><p ${attributes}><title>after`).title).toBe('before')
    expect(words(`${'<b>'.repeat(150_000)}${'</i><p>'.repeat(10_000)}<title>deep</title>`).title).toBe('deep')
  })
})

describe('text of a page', () => {
  test.each([
    ['turned around', 'a\u202Egnp.exe\u202C \u2066x\u2069\u200F', 'agnp.exe x'],
    ['on several lines', ' a\r\n\tb\u2028c\u0007 ', 'a b c'],
    ['half a character', 'a\ud83d', 'a\ufffd'],
    ['of joined emoji', '👩\u200d🚒', '👩\u200d🚒'],
    ['with a pile of marks', `a${'\u0301'.repeat(90)}`, `a${'\u0301'.repeat(4)}`],
    ['too long', 'x'.repeat(10_000_000), `${'x'.repeat(99)}…`],
    ['cut within a character', `${'x'.repeat(98)}😀😀`, `${'x'.repeat(98)}…`],
  ])('%s', (_, text, plain) => {
    expect(plainText(text, 100)).toBe(plain)
  })

  test.each([
    ['mailto:a@b.example', 'a@b.example'],
    ['a@b.example', 'a@b.example'],
    ['mailto:%zz@b.example', ''],
    ['mailto:a@b.example%0d%0aBcc:c@d.example', ''],
    ['"<script>"@b.example', ''],
    ['mailto:', ''],
  ])('an address of e-mail in %s', (text, address) => {
    expect(emailIn(text)).toBe(address)
  })

  test.each([
    ['/about', 'http://a.example/about'],
    ['javascript:alert(1)', ''],
    ['data:text/html,x', ''],
    ['https://user:secret@a.example/', ''],
  ])('a web address in %s', (text, url) => {
    expect(webAddressIn(text, 'http://a.example/')).toBe(url)
  })
})

test('a web address of endless length is none', () => {
  expect(webAddressIn(`/${'x'.repeat(3_000)}`, 'http://a.example/')).toBe('')
})

describe('an organization in JSON-LD', () => {
  test('among other things, with its address in parts', () => {
    const json = JSON.stringify({
      '@graph': [
        { '@type': 'WebSite', name: 'no', author: { '@type': 'Person', name: 'Erna' } },
        {
          '@type': ['https://schema.org/NewsMediaOrganization'],
          name: 'Morgenblatt',
          contactPoint: [{ telephone: '+49 1' }, { email: 'mailto:desk@a.example' }],
          address: {
            streetAddress: ['Am Markt 1'],
            addressLocality: 'Bonn',
            postalCode: '53111',
            addressCountry: { name: 'DE' },
          },
        },
      ],
    })

    expect(organizationIn(['{', 'null', '[[1]]', json], 'http://a.example/')).toEqual({
      name: 'Morgenblatt',
      email: 'desk@a.example',
      phone: '+49 1',
      url: '',
      street: 'Am Markt 1',
      city: 'Bonn',
      region: '',
      postalCode: '53111',
      country: 'DE',
    })
  })

  test('none, or a person where there is nobody else', () => {
    expect(organizationIn(['{"@type":"Recipe","name":"x"}', '"x"'], 'http://a.example/')).toBeUndefined()
    const person = '{"@type":"Recipe","author":{"@type":"Person","name":"Erna","address":"Bonn"}}'
    expect(organizationIn([person], 'http://a.example/')).toMatchObject({ name: 'Erna', street: 'Bonn' })
  })
})

test('security.txt names a contact until it expires', () => {
  const text = (expires: string) =>
    `# ours\r\nContact: tel:+49\nContact: https://a.example/report\ncontact: mailto:cert@a.example\nExpires: ${expires}\n`

  const found = securityContactIn(text('2027-01-01T00:00:00Z'), 'http://a.example/', NOON)

  expect(found).toEqual({ email: 'cert@a.example', url: 'https://a.example/report' })
  expect(securityContactIn(text('2026-01-01T00:00:00Z'), 'http://a.example/', NOON)).toBeUndefined()
  expect(securityContactIn(text('never'), 'http://a.example/', NOON)).toBeUndefined()
  expect(securityContactIn('<html>', 'http://a.example/', NOON)).toBeUndefined()
})

test('what we say we are is a bot to our own log', () => {
  expect(isBotAgent(USER_AGENT)).toBe(true)
})

const page =
  (body: string | Buffer, type = 'text/html') =>
  (_: IncomingMessage, response: ServerResponse) =>
    void response.writeHead(200, { 'Content-Type': type }).end(body)

const redirect = (location: string) => (_: IncomingMessage, response: ServerResponse) =>
  void response.writeHead(302, { Location: location }).end()

/** What is found at a site whose host `www.a.example` has these pages. */
async function lookAt(pages: Record<string, Answer>, httpsPort?: number) {
  await using site = await startSite(pages)
  await using edge = connectEdge({ host: '127.0.0.1', httpPort: site.port, httpsPort })
  const found = await lookAtSite(edge, { site: 'a.example', host: 'www.a.example' }, NOON)
  return { found, requests: site.requests }
}

describe('a site looked at through the edge', () => {
  test('is asked for by its host, and for security.txt only where no address was found', async () => {
    const securityTxt = page('Contact: mailto:cert@a.example\nExpires: 2030-01-01T00:00:00Z', 'text/plain')

    const first = await lookAt({ '/': '<title>A</title><a href=mailto:x@a.example>' })
    const second = await lookAt({ '/': '<title>A</title>', '/.well-known/security.txt': securityTxt })

    expect(first.requests).toEqual(['GET www.a.example /'])
    expect(first.found).toMatchObject({ title: 'A', email: 'x@a.example', emailFrom: 'page' })
    expect(second.requests[1]).toBe('GET www.a.example /.well-known/security.txt')
    expect(second.found).toMatchObject({ email: 'cert@a.example', emailFrom: 'security.txt' })
  })

  test.each([
    [
      'declared by the server',
      page(Buffer.from('<title>Gr\xfc\xdfe', 'latin1'), 'text/html;charset="ISO-8859-1"'),
    ],
    ['declared by the page', page(Buffer.from('<meta charset=latin1><title>Gr\xfc\xdfe', 'latin1'))],
    [
      'by an older declaration',
      page(
        Buffer.from(
          '<meta http-equiv=Content-Type content="text/html; charset=windows-1252"><title>Gr\xfc\xdfe',
          'latin1',
        ),
      ),
    ],
    ['not declared', page(Buffer.from('<title>Gr\xfc\xdfe</title>      ', 'latin1'))],
    ['not declared, and UTF-8', page('<title>Grüße</title>      ')],
    ['by a mark', page(Buffer.from('\ufeff<title>Grüße', 'utf16le'), 'text/html; charset=latin1')],
    ['unknown', page('<meta charset=klingon><title>Grüße</title>      ')],
  ])('its letters are read as %s', async (_, answer) => {
    expect((await lookAt({ '/': answer })).found).toMatchObject({ title: 'Grüße' })
  })

  test('redirects are followed within the site, ports left alone, and to nobody else', async () => {
    const within = await lookAt({ '/': redirect('http://a.example:81/home'), '/home': '<title>Home</title>' })
    const elsewhere = await lookAt({ '/': redirect('http://169.254.169.254/secrets'), '/secrets': 'x' })
    const around = await lookAt({ '/': redirect('/') })
    const file = await lookAt({ '/': redirect('file:///etc/passwd') })

    expect(within.requests.slice(0, 2)).toEqual(['GET www.a.example /', 'GET a.example /home'])
    expect(within.found).toMatchObject({ title: 'Home', url: 'http://a.example/home' })
    expect(elsewhere).toMatchObject({ found: 'leads-elsewhere', requests: ['GET www.a.example /'] })
    expect(around).toMatchObject({ found: 'leads-elsewhere' })
    expect(around.requests).toHaveLength(5)
    expect(file.found).toBe('leads-elsewhere')
  })

  test('over TLS the edge is asked for the same name, by its own port and certificate', async () => {
    const { private: key, cert } = await generate([{ name: 'commonName', value: 'edge' }])
    const hosts: unknown[] = []
    const secure = createTlsServer({ key, cert }, (request, response) => {
      hosts.push([request.headers.host, (request.socket as { servername?: string }).servername])
      response.writeHead(200, { 'Content-Type': 'text/html' }).end('<title>Safe</title>')
    })
    secure.listen(0, '127.0.0.1')
    await once(secure, 'listening')
    const { port } = secure.address() as AddressInfo

    const { found } = await lookAt({ '/': redirect('https://www.a.example/') }, port)
    secure.close()
    secure.closeAllConnections()

    expect(found).toMatchObject({ title: 'Safe', url: 'https://www.a.example/' })
    expect(hosts[0]).toEqual(['www.a.example', 'www.a.example'])
  })

  test.each<[string, Answer, string]>([
    ['forbids everything', page('User-agent: *\nDisallow: /', 'text/plain'), 'robots-refused'],
    [
      'forbids us',
      page('User-agent: *\nAllow: /\n\nUser-agent: selvedge-site-bot\nDisallow: /'),
      'robots-refused',
    ],
    ['can not be had', (_, response) => void response.writeHead(503).end(), 'robots-refused'],
    ['breaks off', (request) => void request.socket.destroy(), 'unreachable'],
  ])('whose robots.txt %s is asked for no page', async (_, robots, because) => {
    const { found, requests } = await lookAt({ '/robots.txt': robots, '/': '<title>A</title>' })

    expect(found).toBe(because)
    expect(requests).not.toContain('GET www.a.example /')
  })

  test('whose robots.txt forbids some pages is asked for the others, each of its hosts by its own', async () => {
    const robots = (request: IncomingMessage, response: ServerResponse) =>
      page(
        `User-agent: *\nDisallow: /.well-known/${request.headers.host === 'a.example' ? '\nDisallow: /home' : ''}`,
      )(request, response)

    const own = await lookAt({
      '/robots.txt': robots,
      '/': '<title>A</title>',
      '/.well-known/security.txt': 'x',
    })
    const led = await lookAt({
      '/robots.txt': robots,
      '/': redirect('http://a.example/home'),
      '/home': '<title>A',
    })

    expect(own.found).toMatchObject({ title: 'A' })
    expect(own.requests).toEqual(['GET www.a.example /robots.txt', 'GET www.a.example /'])
    expect(led).toMatchObject({ found: 'robots-refused' })
    expect(led.requests.slice(1)).toEqual(['GET www.a.example /', 'GET a.example /robots.txt'])
  })

  test('whose robots.txt leads around in circles has none', async () => {
    const { found } = await lookAt({ '/robots.txt': redirect('/robots.txt'), '/': '<title>A</title>' })

    expect(found).toMatchObject({ title: 'A' })
  })

  test.each<[string, Answer, string]>([
    ['no HTML', page('{}', 'application/json'), 'not-html'],
    ['an error', (_, response) => void response.writeHead(500).end('<title>x'), 'not-ok'],
    ['cut off', (request) => void request.socket.destroy(), 'unreachable'],
    [
      'packed unasked',
      (_, response) =>
        void response.writeHead(200, { 'Content-Type': 'text/html', 'Content-Encoding': 'gzip' }).end('x'),
      'not-html',
    ],
  ])('%s is nothing to read', async (_, answer, because) => {
    expect((await lookAt({ '/': answer })).found).toBe(because)
  })

  test('a title of 10 MB is cut short, and what comes after half a megabyte is not read', async () => {
    const { found } = await lookAt({ '/': page(`<title>${'x'.repeat(10_000_000)}</title>`) })
    const late = await lookAt({ '/': page(`${' '.repeat(600_000)}<title>late</title>`) })

    expect(found).toMatchObject({ title: `${'x'.repeat(299)}…` })
    expect(late.found).toMatchObject({ title: '' })
  })
})
