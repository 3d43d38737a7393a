import { describe, expect, test } from 'vitest'
import { readAsked } from '../../thumbnailer/asked.ts'
import { frontedBy } from '../../thumbnailer/fronted.ts'
import { formatFor } from '../../thumbnailer/pictures.ts'

const isFronted = frontedBy(['docs.example', '*.sites.example', 'xn--mnchen-3ya.example'])

const read = (url: string, size = 'small') =>
  readAsked(new URLSearchParams({ url, size }), undefined, isFronted)

describe('what is asked for', () => {
  test.each([
    ['http://docs.example', 'http://docs.example/'],
    ['HTTPS://DOCS.EXAMPLE:8443/a b?q=ü#part', 'https://docs.example:8443/a%20b?q=%C3%BC'],
    ['http://a.sites.example/', 'http://a.sites.example/'],
    ['http://a.b.sites.example/', 'http://a.b.sites.example/'],
    ['http://münchen.example/', 'http://xn--mnchen-3ya.example/'],
  ])('%s is a page', (url, written) => {
    expect(read(url)).toMatchObject({
      page: { url: written },
      cut: { size: 'small', scale: 1, format: 'jpeg' },
    })
  })

  test.each([
    ['', 'is missing'],
    ['docs.example', 'is not an absolute URL'],
    ['http://', 'is not an absolute URL'],
    ['http://docs.example:99999/', 'is not an absolute URL'],
    ['//docs.example/', 'is not an absolute URL'],
    ['file:///etc/passwd', 'begins with file:'],
    ['javascript:alert(1)', 'begins with javascript:'],
    ['chrome://crash', 'begins with chrome:'],
    ['view-source:http://docs.example/', 'begins with view-source:'],
    ['data:text/html,hello', 'begins with data:'],
    ['ftp://docs.example/', 'begins with ftp:'],
    ['http://me@docs.example/', 'has credentials'],
    ['http://:secret@docs.example/', 'has credentials'],
    [`http://docs.example/${'a'.repeat(10_000)}`, 'characters'],
    [`http://docs.example/${'ü'.repeat(1_500)}`, 'is longer than'],
    ['http://dоcs.example/', 'several scripts'], // with a Cyrillic o
  ])('%.40s is a bad URL', (url, why) => {
    expect(read(url)).toMatchObject({ problem: { code: 'bad-url', detail: expect.stringContaining(why) } })
  })

  test.each([
    'http://sites.example/',
    'http://other.example/',
    'http://docs.example.other/',
    'http://xdocs.example/',
    'http://docs.example./',
    'http://127.0.0.1/',
    'http://2130706433/',
    'http://[::1]/',
    'http://docs.example\\@other.example/x'.replace('docs', 'nodocs'),
  ])('%s is not fronted', (url) => {
    expect(read(url)).toMatchObject({ problem: { code: 'not-fronted' } })
  })

  test('`*` fronts every name, but no address in brackets', () => {
    const isAny = frontedBy(['*'])

    expect([isAny('anything.example'), isAny('localhost'), isAny('[::1]')]).toEqual([true, true, false])
  })

  test.each(['', 'huge', 'constructor', '__proto__'])('size %j is a bad size', (size) => {
    expect(read('http://docs.example/', size)).toMatchObject({ problem: { code: 'bad-size' } })
  })

  test('pages that differ in anything but the fragment have different ids', () => {
    const urls = [
      'http://docs.example/',
      'https://docs.example/',
      'http://docs.example/?a',
      'http://docs.example:81/',
    ]
    const ids = urls.map((url) => (read(url) as { page: { id: string } }).page.id)

    expect(new Set(ids).size).toBe(urls.length)
  })
})

describe('the format for an Accept field', () => {
  test.each([
    [undefined, 'jpeg'],
    ['', 'jpeg'],
    ['image/*', 'jpeg'],
    ['image/jpeg,image/webpx', 'jpeg'],
    ['image/webp', 'webp'],
    ['IMAGE/WEBP;q=0.1', 'webp'],
    ['text/html, image/webp ;q=0.8, */*', 'webp'],
    ['image/webp;q=0', 'jpeg'],
    ['image/webp;q=0.000, */*', 'jpeg'],
  ])('%j is answered with %s', (accept, format) => {
    expect(formatFor(accept)).toBe(format)
  })
})
