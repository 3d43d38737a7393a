import { HOST } from './house.ts'

/** A distribution with one behaviour, in front of one HTTP origin. @param more of the distribution */
export function distributionOf(origin: string, behavior: object, more: object = {}): object[] {
  return [
    {
      id: 'site',
      aliases: [HOST, `*.${HOST}`],
      origins: [{ id: 'origin', http: { url: origin } }],
      defaultCacheBehavior: behavior,
      ...more,
    },
  ]
}

/** A cache policy that keeps for a day what names no lifetime, and has these parameters in its key. */
export function keyedBy(parameters: object, ttl: object = {}): object {
  return { cachePolicy: { parametersInCacheKeyAndForwardedToOrigin: parameters, ...ttl } }
}
