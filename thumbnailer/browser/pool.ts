import type { BrowserKeeper } from './keeper.ts'

/**
 * Several browsers, of which each page gets the one with the fewest pages: a page that makes its browser
 * hang or end takes along those beside it only.
 */
export function createPool(size: number, keep: () => BrowserKeeper): BrowserKeeper {
  const members = Array.from({ length: size }, () => ({ keeper: keep(), busy: 0 }))

  return {
    async use(work) {
      const member = members.reduce((least, one) => (one.busy < least.busy ? one : least))
      member.busy += 1
      try {
        return await member.keeper.use(work)
      } finally {
        member.busy -= 1
      }
    },
    warm() {
      for (const { keeper } of members) keeper.warm()
    },
    async [Symbol.asyncDispose]() {
      await Promise.all(members.map(({ keeper }) => keeper[Symbol.asyncDispose]()))
    },
  }
}
