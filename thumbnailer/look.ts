import { z } from 'zod'

/** How a page is looked at. Each look of a page is kept by itself. */
export interface Look {
  /** Of the window, CSS pixels. */
  width: number
  height: number
  scheme: 'light' | 'dark'
  /** Accept-Language's value, and the first of it `navigator.language`. */
  language: string
  motion: 'reduce' | 'no-preference'
  javascript: 'on' | 'off'
  /** What the window shows, or the page down to its end (`PAGE_HEIGHT_MAX`). */
  extent: 'window' | 'page'
  /** Pixels of the capture for each CSS pixel; follows from the picture that is asked for. */
  density: 1 | 2
}

/** Of a whole page, CSS pixels; what is below is cut off. WebP ends at 16,383 pixels. */
export const PAGE_HEIGHT_MAX = 8_000

export const USUAL_LOOK: Look = {
  width: 1_024,
  height: 768,
  scheme: 'light',
  language: 'en-US,en;q=0.9',
  motion: 'reduce',
  javascript: 'on',
  extent: 'window',
  density: 1,
}

/** Widest and highest windows that there are, CSS pixels. */
const WINDOW = /^(\d{3,4})x(\d{3,4})$/
const SIDE_MIN = 240
const SIDE_MAX = 2_048

const viewport = z
  .string()
  .regex(WINDOW, 'has to be WIDTHxHEIGHT')
  .transform((text) => text.split('x').map(Number) as [number, number])
  .refine(
    (sides) => sides.every((side) => side >= SIDE_MIN && side <= SIDE_MAX),
    `each side has to be from ${SIDE_MIN} to ${SIDE_MAX} pixels`,
  )

/** Languages as in Accept-Language (RFC 9110 §12.5.4), five at most. */
const language = z
  .string()
  .regex(
    /^[A-Za-z]{1,8}(-[A-Za-z0-9]{1,8}){0,3}(;q=[01](\.\d{1,3})?)?(, ?[A-Za-z]{1,8}(-[A-Za-z0-9]{1,8}){0,3}(;q=[01](\.\d{1,3})?)?){0,4}$/,
    'has to be languages as in Accept-Language, `de-CH,de;q=0.8`',
  )

/** The parameters of a look; all may be left out. */
const parameters = z.object({
  viewport: viewport.optional(),
  scheme: z.enum(['light', 'dark']).optional(),
  language: language.optional(),
  motion: z.enum(['reduce', 'no-preference']).optional(),
  javascript: z.enum(['on', 'off']).optional(),
  extent: z.enum(['window', 'page']).optional(),
})

/** @returns the look, or what is wrong, naming the parameter */
export function readLook(query: URLSearchParams): Look | string {
  const given = Object.fromEntries(
    Object.keys(parameters.shape).flatMap((name) => {
      const value = query.get(name)
      return value === null ? [] : [[name, value]]
    }),
  )
  const read = parameters.safeParse(given)
  if (!read.success) {
    const [issue] = read.error.issues
    return `${issue?.path.join('.')}: ${issue?.message}`
  }
  const { viewport: sides, ...others } = read.data
  const known = Object.fromEntries(Object.entries(others).filter(([, value]) => value !== undefined))
  return { ...USUAL_LOOK, ...known, ...(sides !== undefined && { width: sides[0], height: sides[1] }) }
}

/** In words that are alike for alike looks; empty for the usual one. */
export function lookName(look: Look): string {
  return (Object.keys(USUAL_LOOK) as (keyof Look)[])
    .filter((name) => look[name] !== USUAL_LOOK[name])
    .map((name) => `${name}=${look[name]}`)
    .join('\n')
}
