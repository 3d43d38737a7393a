import { UpstreamError } from '../../edge/cache/fetch/upstream-error.ts'
import { filterFields, firstValue, joinedValue } from '../../edge/cache/fields.ts'
import { discardBody, type RequestHead, type Response } from '../../edge/cache/message.ts'

/**
 * An origin's response, if it answers what was asked and its body is what the next hop will take it for.
 *
 * @param where the origin, for an operator's log
 * @throws UpstreamError
 */
export function soundResponse(request: RequestHead, response: Response, where: string): Response {
  const fault = faultOf(request, response)
  if (fault !== undefined) {
    discardBody(response)
    throw new UpstreamError('OriginInvalidResponseError', where, { cause: new Error(fault) })
  }
  // A 204 has no length (RFC 9110 §8.6).
  if (response.status !== 204) return response
  return { ...response, fields: filterFields(response.fields, (field) => field !== 'content-length') }
}

function faultOf({ fields: asked }: RequestHead, { status, fields }: Response): string | undefined {
  // A coding other than `chunked` was never asked for (we send no `TE`), and would reach the viewer
  // unnamed, since the field ends here (RFC 9112 §7).
  const coding = joinedValue(fields, 'transfer-encoding')
  if (coding !== undefined && coding.trim().toLowerCase() !== 'chunked') {
    return `Transfer-Encoding: ${coding.slice(0, 100)}`
  }
  // A part would be taken for the whole by whoever didn't ask for one (RFC 9110 §15.3.7).
  if (status === 206 && firstValue(asked, 'range') === undefined) return 'a 206 without a Range'
  // Whoever asked has nothing that could be unchanged (§15.4.5).
  return status === 304 && !isConditional(asked) ? 'a 304 without a condition' : undefined
}

function isConditional(fields: RequestHead['fields']): boolean {
  return (
    firstValue(fields, 'if-none-match') !== undefined || firstValue(fields, 'if-modified-since') !== undefined
  )
}
