import { domainToASCII } from 'node:url'
import { z } from 'zod'

/** Longest host name there is, octets (RFC 1035 §2.3.4). */
const NAME_LENGTH_MAX = 253

/** Labels of a host name; `_` is in none by the book and in some in use. An IPv4 address fits too. */
const HOST_NAME = /^(?!-)[a-z0-9_-]{1,63}(?<!-)(\.(?!-)[a-z0-9_-]{1,63}(?<!-))*$/

/** A site that is an IPv6 address keeps its brackets, as in `Host`. */
const BRACKETED_ADDRESS = /^\[[0-9a-f:.]{2,45}\]$/

/** Whether a text, in lower case, can be the name of a host. Whatever can't never gets into a URL. */
export function isHostName(text: string): boolean {
  return text.length <= NAME_LENGTH_MAX && (HOST_NAME.test(text) || BRACKETED_ADDRESS.test(text))
}

/** A site's name, as somebody gives it. Upper case, a final dot and names in other scripts are made plain. */
export const siteName = z
  .string()
  .overwrite(plainName)
  .refine(isHostName, {
    error: 'is no host name',
    params: { remedy: 'Give a name as in /v1/rankings: letters, digits, dots and hyphens, 253 at most.' },
  })
  .describe('A site: a registrable domain, or a whole host name where the CDN ranks those.')
  .meta({ examples: ['swagger.localhost', 'example.com'] })

function plainName(text: string): string {
  // Nothing that long can be a name, and converting it would be work for whoever sends it.
  if (text.length > NAME_LENGTH_MAX + 1) return text
  const lower = text.toLowerCase().replace(/(?<=.)\.$/, '')
  return hasOnlyAscii(lower) ? lower : domainToASCII(lower)
}

function hasOnlyAscii(text: string): boolean {
  return Buffer.byteLength(text) === text.length
}
