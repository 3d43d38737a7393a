import { strFromU8, unzipSync } from 'fflate'
import { afterAll, describe, expect, test, vi } from 'vitest'
import { aws, xmlOf } from '../../analytics/alexa/xml.ts'
import { openAlexa, read, SERVED } from './alexa-world.ts'
import { answerTo } from './as-amazon.ts'
import { infoApiOn } from './info-api.ts'

vi.setConfig({ testTimeout: 60_000 })

const alexa = await openAlexa()
afterAll(() => alexa[Symbol.asyncDispose]())

describe('without a key', () => {
  test('nothing is answered, unless that is open', async () => {
    const { status, text } = await answerTo(
      alexa.port,
      '/api?Action=UrlInfo&Url=a.example&ResponseGroup=Rank',
      {},
    )
    expect([status, read(text).Response.Errors.Error.Code]).toEqual([403, 'AuthFailure'])

    // At noon of a day on which somebody came from elsewhere, in the 28 days before.
    await using open = await infoApiOn(alexa.log, { ...SERVED, alexa: { keys: [], open: true } })
    const answer = await open.get('/onca/xml?Operation=UrlInfo&Url=a.example&ResponseGroup=Rank')
    expect(read(await answer.text()).UrlInfoResponse.Response.ResponseStatus.StatusCode).toBe('Success')

    const links = await open.get('/api?Action=SitesLinkingIn&Url=b.example&ResponseGroup=SitesLinkingIn')
    expect(read(await links.text()).SitesLinkingInResponse.Response.SitesLinkingInResult.Alexa).toEqual({
      SitesLinkingIn: { Site: { Title: 'a.example', Url: 'www.a.example:443/links' } },
    })
  })

  test('rank checkers read their one number, and scripts the list', async () => {
    const data = read(await (await alexa.api.get('/data?cli=10&dat=snbamz&url=http://www.b.example/')).text())
    expect(data.ALEXA.SD).toMatchObject({ POPULARITY: { '@_TEXT': '1' }, REACH: { '@_RANK': '1' } })
    for (const query of ['', 'url=%00%3Cx', `url=${'x'.repeat(3_000)}`]) {
      const answer = await alexa.api.get(`/data?cli=10&${query}`)
      expect([answer.status, read(await answer.text()).ALEXA.SD]).toEqual([200, undefined])
    }
    const twice = read(await (await alexa.api.get('/data?url=b.example&url=a.example')).text())
    expect(twice.ALEXA.SD.POPULARITY['@_TEXT']).toBe('1')

    const zip = await alexa.api.get('/top-1m.csv.zip')
    const [file] = Object.entries(unzipSync(new Uint8Array(await zip.arrayBuffer())))
    expect(file?.[0]).toBe('top-1m.csv')
    expect(strFromU8(file?.[1] ?? new Uint8Array())).toBe('1,a.example\n1,b.example\n3,c.example\n')
  })

  test('the page for people stays where it was', async () => {
    expect((await alexa.api.get('/?window=7d')).headers.get('content-type')).toContain('text/html')
  })
})

test('what a site says of itself is written so that every parser reads it', () => {
  const title = 'a < b & "c" ]]> \u0000\u001f\ud800\ufffe \u{1f600}\n'

  const xml = xmlOf(aws({ Site: { Title: title, DataUrl: { '@type': title, '#text': title } } }))

  const kept = 'a < b & "c" ]]> \ufffd\ufffd\ufffd\ufffd \u{1f600}'
  expect(read(xml).Site).toEqual({ Title: kept, DataUrl: { '#text': kept, '@_type': kept } })
})
