import { z } from 'zod'

/** What a key may be for. A route names the one that it needs: `config: { scope: 'rankings:read' }`. */
export const SCOPES = [
  'rankings:read',
  'sites:read',
  'sites:refresh',
  'traffic:read',
  'reports:read',
  'usage:read',
  'export',
] as const

export type Scope = (typeof SCOPES)[number]

/** What anybody may read unless the operator says otherwise: figures that rank, not those that are billed. */
const PUBLIC: Scope[] = ['rankings:read', 'sites:read', 'traffic:read']

/**
 * Requests a minute from one address (IPv6: one /64). A page of 50 sites asks for 52 things, so this
 * is a person who turns a page every three seconds, or a program that asks twenty times a second.
 */
const REQUESTS_PER_MINUTE = 1_200

const scopes = z.array(z.enum(SCOPES))
const requestsPerMinute = z.int().min(1).max(1_000_000)

const origin = z
  .string()
  .regex(/^https?:\/\/[^/?#@\s,;*]+$/, 'must be an origin, as in https://www.example.com')

/** Who may ask the info API, for what, and how often. */
export const accessSettings = z
  .strictObject({
    anonymous: scopes
      .default(PUBLIC)
      .describe('What may be read without a key; nothing when empty, and then the pages are closed too.'),
    requestsPerMinute: requestsPerMinute
      .default(REQUESTS_PER_MINUTE)
      .describe('Of one network without a key. Loopback has no limit.'),
    origins: z
      .union([z.literal('*'), z.array(origin)])
      .default('*')
      .describe('Web sites whose scripts may ask (CORS): `*` for all, or a list of origins.'),
    keys: z
      .array(
        z.strictObject({
          name: z
            .string()
            .regex(/^[A-Za-z0-9_.-]{1,64}$/, 'must be 1 to 64 letters, digits, `_`, `.` and `-`')
            .describe('Whose it is; it is never sent.'),
          sha256: z
            .string()
            .regex(/^[0-9a-f]{64}$/, 'must be 64 hexadecimal digits; `npm run analytics -- key` makes them')
            .describe('Hash of the key, which itself is nowhere kept.'),
          scopes: scopes.min(1).describe('What it may be used for, beside what anybody may read.'),
          requestsPerMinute: requestsPerMinute.default(REQUESTS_PER_MINUTE).describe('With this key.'),
        }),
      )
      .max(1_000)
      .default([])
      .refine((keys) => new Set(keys.map(({ name }) => name)).size === keys.length, {
        error: 'two have the same name',
        params: { remedy: 'Give each key a name of its own.' },
      })
      .describe('Keys, each made by `npm run analytics -- key`.'),
  })
  .prefault({})

export type AccessSettings = z.infer<typeof accessSettings>
export type ApiKey = AccessSettings['keys'][number]
