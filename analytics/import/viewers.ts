import type { Geo } from '../../edge/geo/place.ts'

/** Texts remembered: the addresses and the browsers of a busy hour. */
const REMEMBERED_MAX = 100_000

/** Where somebody is. */
export interface ViewerPlace {
  clientIp: string
  /** ISO 3166-1 alpha-2; '' when unknown. */
  country: string
}

/** Looks up where addresses are, and gives back a copy of the text: see `createCopies`. */
export function createPlaces(geo: Geo): (clientIp: string) => ViewerPlace {
  const known = new Map<string, ViewerPlace>()
  return (clientIp) => {
    const before = known.get(clientIp)
    if (before !== undefined) return before
    const copy = copyOf(clientIp)
    const place = { clientIp: copy, country: geo.placeOf(copy).country }
    if (known.size >= REMEMBERED_MAX) known.clear()
    known.set(copy, place)
    return place
  }
}

/**
 * Gives the same text in one copy of its own each time. A part of a line would hold on to all that was read with
 * it wherever it is remembered, and every look-up would work out its hash anew: that took half of an import.
 */
export function createCopies(): (text: string) => string {
  const known = new Map<string, string>()
  return (text) => {
    const before = known.get(text)
    if (before !== undefined) return before
    const copy = copyOf(text)
    if (known.size >= REMEMBERED_MAX) known.clear()
    known.set(copy, copy)
    return copy
  }
}

/** Of printable ASCII, or of characters that are bytes. */
function copyOf(text: string): string {
  return Buffer.from(text, 'latin1').toString('latin1')
}
