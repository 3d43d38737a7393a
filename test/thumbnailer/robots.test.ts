import { expect, test } from 'vitest'
import { createJudge } from '../../thumbnailer/egress/destination.ts'
import { createRobots } from '../../thumbnailer/robots.ts'
import { startSite } from './site.ts'

/** Every name leads to the edge. */
const edgeAt = (httpPort: number) =>
  createJudge({
    isFronted: () => true,
    edge: { host: '127.0.0.1', httpPort },
    resolve: async () => [],
    ports: [],
    deny: [],
  })

const agent = 'Mozilla/5.0 SelvedgeThumbnailer/1.0 (bot)'

test('a site says in robots.txt of what no picture is made', async () => {
  await using site = await startSite({
    '/robots.txt': 'User-agent: *\nDisallow: /\n\nUser-agent: SelvedgeThumbnailer\nDisallow: /private/\n',
  })
  await using robots = createRobots(edgeAt(site.port), agent, () => true)

  expect(await robots.mayRender('http://docs.example/')).toBe('yes')
  expect(await robots.mayRender('http://docs.example/private/1')).toBe('no')
  expect(site.requests).toEqual(['GET docs.example /robots.txt'])
})

test('rules for every agent are for us too', async () => {
  await using site = await startSite({ '/robots.txt': 'User-agent: *\nDisallow: /\n' })
  await using robots = createRobots(edgeAt(site.port), agent, () => true)

  expect(await robots.mayRender('http://docs.example/')).toBe('no')
})

test('a site without the file forbids nothing, also where it leads astray', async () => {
  await using site = await startSite({})
  await using lost = await startSite({
    '/robots.txt': (_, response) => response.writeHead(301, { Location: '/robots.txt' }).end(),
  })
  await using robots = createRobots(edgeAt(site.port), agent, () => true)
  await using others = createRobots(edgeAt(lost.port), agent, () => true)

  expect(await robots.mayRender('http://docs.example/')).toBe('yes')
  expect(await others.mayRender('http://docs.example/')).toBe('yes')
  expect(lost.requests).toHaveLength(6)
})

test('a site that fails to say is not pictured (RFC 9309 §2.3.1.4)', async () => {
  await using site = await startSite({ '/robots.txt': (_, response) => response.writeHead(503).end() })
  await using robots = createRobots(edgeAt(site.port), agent, () => true)

  expect(await robots.mayRender('http://docs.example/')).toBe('unknown')
})

test('a file without end is read no further than need be', async () => {
  await using site = await startSite({
    '/robots.txt': (_, response) => {
      response.write('User-agent: *\nDisallow: /secret\n')
      const more = () => {
        while (response.writable && response.write('#'.repeat(16_384)));
        response.once('drain', more)
      }
      more()
    },
  })
  await using robots = createRobots(edgeAt(site.port), agent, () => true)

  expect(await robots.mayRender('http://docs.example/secret')).toBe('no')
  expect(await robots.mayRender('http://docs.example/')).toBe('yes')
})
