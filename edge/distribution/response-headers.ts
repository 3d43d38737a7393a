import { filterFields, firstValue, joinedValue } from '../cache/fields.ts'
import type { ResponseHeadersPolicy } from './policy/response-headers-policy.ts'
import type { Answered, FieldToSet, ResponseChange } from './response-change.ts'
import { preparedCors } from './response-cors.ts'
import { securityFields } from './response-security.ts'
import { serverTiming } from './server-timing.ts'

/** Works a policy out, so that a response costs one pass over its fields. */
export function preparedResponseHeaders(policy: ResponseHeadersPolicy): ResponseChange {
  const { corsConfig, securityHeadersConfig, customHeadersConfig, serverTimingHeadersConfig } = policy
  const cors = corsConfig && preparedCors(corsConfig)
  const toSet: FieldToSet[] = [
    ...(securityHeadersConfig ? securityFields(securityHeadersConfig) : []),
    ...customHeadersConfig.map(({ header, value, override }) => ({ name: header, value, override })),
  ]
  const replaced = new Set(toSet.filter(({ override }) => override).map(({ name }) => name.toLowerCase()))
  const taken = new Set([...policy.removeHeadersConfig, ...replaced])
  return (fields, about) => {
    const kept = taken.size === 0 ? fields : filterFields(fields, (name) => !taken.has(name))
    const said = cors === undefined ? kept : cors(kept, about)
    for (const { name, value, override } of toSet) {
      if (override || firstValue(said, name.toLowerCase()) === undefined) said.push(name, value)
    }
    if (serverTimingHeadersConfig !== undefined && isSampled(serverTimingHeadersConfig, about)) {
      said.push('Server-Timing', serverTiming(about))
    }
    return said
  }
}

/** A share of all responses, and whoever asks with `Pragma: server-timing`. */
function isSampled({ enabled, samplingRate }: { enabled: boolean; samplingRate: number }, about: Answered) {
  if (!enabled) return false
  if (Math.random() * 100 < samplingRate) return true
  return joinedValue(about.asked, 'pragma')?.trim().toLowerCase() === 'server-timing'
}
