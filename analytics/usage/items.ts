import type { Region } from './regions.ts'

/** What is billed by region. */
export const REGIONAL_ITEMS = [
  'bytesOut',
  'httpRequests',
  'httpsRequests',
  'httpOtherRequests',
  'httpsOtherRequests',
  'shieldRequests',
] as const

/** What is billed for all regions together. */
export const GLOBAL_ITEMS = ['invalidationPaths', 'renders'] as const

export const ITEMS = [...REGIONAL_ITEMS, ...GLOBAL_ITEMS] as const

export type RegionalItem = (typeof REGIONAL_ITEMS)[number]
export type GlobalItem = (typeof GLOBAL_ITEMS)[number]
export type Item = (typeof ITEMS)[number]

/** What may be free each month; one allowance for all requests of viewers. */
export const ALLOWANCES = ['bytesOut', 'requests', 'shieldRequests', 'invalidationPaths', 'renders'] as const

export type Allowance = (typeof ALLOWANCES)[number]

/** Which allowance an item is taken from. */
export function allowanceOf(item: Item): Allowance {
  switch (item) {
    case 'httpRequests':
    case 'httpsRequests':
    case 'httpOtherRequests':
    case 'httpsOtherRequests':
      return 'requests'
    default:
      return item
  }
}

/** What was used, in bytes, requests, paths and pictures. */
export type Used = Record<Item, bigint> & {
  /** Received from viewers, heads included; it has no price. */
  bytesIn: bigint
}

export function nothingUsed(): Used {
  return {
    bytesOut: 0n,
    bytesIn: 0n,
    httpRequests: 0n,
    httpsRequests: 0n,
    httpOtherRequests: 0n,
    httpsOtherRequests: 0n,
    shieldRequests: 0n,
    invalidationPaths: 0n,
    renders: 0n,
  }
}

/** Adds what was used to a sum. */
export function addUsed(sum: Used, used: Partial<Used>): void {
  for (const [name, quantity] of Object.entries(used)) sum[name as keyof Used] += quantity
}

/** What a distribution used; `''` stands for what was asked under a name that no distribution has. */
export interface DistributionUsed {
  distribution: string
  /** By region, in the order of `REGIONS`, those without requests left out. */
  regions: { region: Region; used: Used }[]
  /** In all, with what has no region. */
  used: Used
}
