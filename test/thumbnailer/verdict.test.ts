import { describe, expect, test } from 'vitest'
import type { Facts } from '../../thumbnailer/page/facts.ts'
import { downloadOf, kindOf, refusalOf } from '../../thumbnailer/page/verdict.ts'

const factsBut = (but: Partial<Facts>): Facts => ({
  title: 'A garden in Ghent',
  text: 'Roses, mostly. '.repeat(200),
  passwords: 0,
  links: 40,
  ...but,
})

describe('what a page seems to be', () => {
  test.each<[string, string, Partial<Facts>, boolean]>([
    ['page', 'text/html; charset=utf-8', {}, false],
    ['page', 'application/xhtml+xml', {}, false],
    ['page', '', {}, false],
    ['blank', 'text/html', { text: '' }, true],
    ['parking', 'text/html', { text: 'ghent-roses.example. This domain is for sale!' }, false],
    ['parking', 'text/html', { text: 'Diese Domain steht zum Verkauf' }, false],
    ['page', 'text/html', { text: `${'A history of domains. '.repeat(200)} Buy this domain` }, false],
    ['login', 'text/html', { text: 'Sign in. Name. Password. Forgot it?', passwords: 1, links: 3 }, false],
    ['page', 'text/html', { passwords: 1 }, false],
    ['document', 'text/plain', {}, false],
    ['document', 'application/json', {}, false],
    ['document', 'image/png', {}, true],
  ])('%s: %s %j', (kind, contentType, but, isUniform) => {
    expect(kindOf(contentType, factsBut(but), isUniform)).toBe(kind)
  })
})

describe('what is no picture of the site', () => {
  test.each(['Just a moment...', 'Attention Required! | Cloudflare', 'Access Denied', 'Security check'])(
    'a guard before it: %s',
    (title) => {
      const failed = 'site-guarded'
      expect(refusalOf(403, factsBut({ title, text: 'Wait.' }))).toMatchObject({ failed })
      expect(refusalOf(200, factsBut({ title, text: 'Wait.' }))).toMatchObject({ failed })
      // A long article may be called so.
      expect(refusalOf(200, factsBut({ title }))).toBeUndefined()
    },
  )

  test('an error, by its status', () => {
    expect(refusalOf(404, factsBut({}))).toEqual({
      failed: 'site-error',
      detail: 'The site answered with status 404.',
    })
    expect(refusalOf(203, factsBut({}))).toBeUndefined()
  })

  test.each([
    ['application/pdf', '', 'The site sends application/pdf, of which no picture is made.'],
    ['application/zip', '', 'The site sends application/zip, of which no picture is made.'],
    ['video/mp4', '', 'The site sends video/mp4, of which no picture is made.'],
    ['<b>', '', 'The site sends something unnamed, of which no picture is made.'],
    ['text/html', 'attachment; filename=a.html', 'The site sends a download, of which no picture is made.'],
  ])('a download: %s %s', (contentType, disposition, detail) => {
    expect(downloadOf(contentType, disposition)).toEqual({ failed: 'no-page', detail })
  })

  test.each(['', 'text/html; charset=utf-8', 'application/ld+json', 'image/svg+xml', 'TEXT/PLAIN'])(
    'but %j is shown',
    (contentType) => {
      expect(downloadOf(contentType, 'inline')).toBeUndefined()
    },
  )
})
