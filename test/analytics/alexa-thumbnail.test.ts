import { createHmac } from 'node:crypto'
import { afterAll, expect, test } from 'vitest'
import { openAccessLog } from './access-log.ts'
import { infoApiOn, NOON } from './info-api.ts'
import { playThumbnailer } from './thumbnailer.ts'

const log = await openAccessLog()
afterAll(() => log[Symbol.asyncDispose]())

const secretAccessKey = 'a secret of an old client'
const alexa = { keys: [{ accessKeyId: 'AKIDOLD', secretAccessKey }], open: false }
const PICTURE = Buffer.from('JPEG, and so on')

/** Two sites: a.example has a picture, every other gets a placeholder. */
const play = () =>
  playThumbnailer((request, response) => {
    const status = request.url?.includes('a.example') ? 200 : 202
    response.writeHead(status, { 'Content-Type': 'image/jpeg' }).end(PICTURE)
  })

/** Signed as its clients signed: over service, action and time. */
function signed(action: string, parameters: Record<string, string>): string {
  const Timestamp = new Date(NOON).toISOString()
  const Signature = createHmac('sha1', secretAccessKey)
    .update(`AlexaSiteThumbnail${action}${Timestamp}`)
    .digest('base64')
  const base = {
    Service: 'AlexaSiteThumbnail',
    Action: action,
    AWSAccessKeyId: 'AKIDOLD',
    Timestamp,
    Signature,
  }
  return `?${new URLSearchParams({ ...base, ...parameters })}`
}

test('Thumbnail tells where the picture is, and whether it is the one', async () => {
  await using thumbnailer = await play()
  await using api = await infoApiOn(log, { thumbnailerUrl: thumbnailer.url, alexa })

  const query = {
    'Thumbnail.Shared.Size': 'Small',
    'Thumbnail.1.Url': 'http://a.example/x',
    'Thumbnail.2.Url': 'b.example',
  }
  const answers = await Promise.all(
    ['/xino/', '/'].map(async (path) => (await api.get(path + signed('Thumbnail', query))).text()),
  )

  for (const xml of answers) {
    expect(xml).toContain('<aws:ThumbnailResponse xmlns:aws="http://ast.amazonaws.com/doc/2006-05-15/">')
    expect([...xml.matchAll(/<aws:Thumbnail Exists="(\w+)">/g)].map(([, exists]) => exists)).toEqual([
      'true',
      'false',
    ])
    expect(xml).toContain('<aws:RequestUrl>http://a.example/x</aws:RequestUrl>')
    expect(xml).toContain('<aws:StatusCode>Success</aws:StatusCode>')
  }
  const [, address = ''] = /Exists="true">([^<]+)</.exec(answers[0] ?? '') ?? []
  const { pathname, search } = new URL(address.replaceAll('&amp;', '&'))
  const picture = await api.get(pathname + search)
  expect(picture.headers.get('content-type')).toBe('image/jpeg')
  expect(Buffer.from(await picture.arrayBuffer())).toEqual(PICTURE)
  expect((await api.get((pathname + search).replace('small', 'large'))).status).toBe(403)
})

test('Redirect leads to the picture, or to the default while there is none', async () => {
  await using thumbnailer = await play()
  await using api = await infoApiOn(log, { thumbnailerUrl: thumbnailer.url, alexa })
  const led = async (more: Record<string, string>) => {
    const answer = await api.get(`/xino/${signed('Redirect', more)}`, { redirect: 'manual' })
    return [answer.status, answer.headers.get('location')]
  }
  const DefaultImage = 'https://images.example/none.gif'

  expect(await led({ Url: 'a.example', DefaultImage })).toEqual([
    302,
    expect.stringContaining('/xino/picture?site=a.example'),
  ])
  expect(await led({ Url: 'b.example', DefaultImage })).toEqual([302, DefaultImage])
  expect(await led({ Url: 'b.example' })).toEqual([
    302,
    expect.stringContaining('/xino/picture?site=b.example'),
  ])
  expect(await led({ Url: 'b.example', DefaultImage: 'javascript:alert(1)' })).toEqual([400, null])
})

test('what can not be answered is an error in the form of the time', async () => {
  await using thumbnailer = await play()
  await using api = await infoApiOn(log, { thumbnailerUrl: thumbnailer.url, alexa })
  const status = async (query: string) => (await api.get(`/xino/${query}`)).status

  expect(await status('?Action=Thumbnail&Url=a.example')).toBe(403)
  expect(await status(signed('Thumbnail', { Url: 'a.example', Size: 'Huge' }))).toBe(400)
  expect(await status(signed('Thumbnail', { Url: 'http://' }))).toBe(400)
  expect(await status(signed('Zoom', { Url: 'a.example' }))).toBe(400)
  expect(thumbnailer.asked).toEqual([])
})
