import type { Era } from './authenticate.ts'
import { type AlexaFailure, isAboutIdentity } from './failure.ts'
import type { Call } from './request.ts'
import { aws, type Elements, plain, xmlOf } from './xml.ts'

/** Namespaces: the inner ones never changed, the root's went with the client's time. */
const AWIS = 'http://awis.amazonaws.com/doc/2005-07-11'
const ATS = 'http://ats.amazonaws.com/doc/2005-11-21'
const OLDER = 'http://alexa.amazonaws.com/doc/2005-10-05/'
const NEWER = 'http://awis.amazonaws.com/doc/2005-10-05'

/** A call and what is said to it. */
export interface Answered {
  call: Call
  result: Elements
}

/** In which the answer is written. */
export type Output = 'xml' | 'json'

/** Who asked how, and the id of the answer. */
export interface About {
  era: Era
  requestId: string
  output: Output
}

/** The whole answer: one `aws:Response` for each call. */
export function envelope(answered: readonly Answered[], about: About): string {
  const { era, requestId } = about
  const action = answered[0]?.call.action ?? ''
  if (isOfLastYears(about)) {
    const results = answered.map(({ call, result }) => ({ Alexa: { ...argumentsOf(call), ...result } }))
    return lastForm(action, about, { results, status: { StatusCode: '200' } })
  }
  const root = action === 'TopSites' || era === 'v2' ? OLDER : NEWER
  const responses = answered.map(({ call, result }) => ({
    '@xmlns:aws': namespaceOf(call.action),
    ...aws({
      OperationRequest: { RequestId: requestId },
      [`${call.action}Result`]: { Alexa: { ...(era === 'v4' && argumentsOf(call)), ...result } },
    }),
    ...status('Success'),
  }))
  return xmlOf({ [`aws:${action}Response`]: { '@xmlns:aws': root, 'aws:Response': responses } })
}

function namespaceOf(action: string): string {
  return action === 'TopSites' ? ATS : AWIS
}

/** Clients with a key alone, or who want JSON: the API had a form of its own for them, without `aws:`. */
function isOfLastYears({ era, output }: About): boolean {
  return era === 'key' || output === 'json'
}

/** `Awis` or `Ats`, then `Results`, in XML or JSON. */
function lastForm(
  action: string,
  { requestId, output }: About,
  { results, status }: { results: readonly Elements[]; status: Elements },
): string {
  const Result = results.length === 1 ? results[0] : results
  const root = {
    [action === 'TopSites' ? 'Ats' : 'Awis']: {
      OperationRequest: { RequestId: requestId },
      Results: { Result, ResponseStatus: status },
    },
  }
  return output === 'json' ? JSON.stringify(plain(root)) : xmlOf(root)
}

/** What clients since 2018 are told again of what they asked. */
function argumentsOf({ asked }: Call): Elements {
  const names = [...asked.keys()].filter(
    (name) => !/^(Action|AWSAccessKeyId|Signature.*|Timestamp|X-Amz-.*)$|\./.test(name),
  )
  if (names.length === 0) return {}
  const told = names.map((name) => ({ Name: name.toLowerCase(), Value: asked.get(name) ?? '' }))
  return { Request: { Arguments: { Argument: told } } }
}

function status(code: string, message?: string): Elements {
  const said = aws({ StatusCode: code, ...(message !== undefined && { StatusMessage: message }) })
  return { 'aws:ResponseStatus': { '@xmlns:aws': OLDER, ...said } }
}

/** An error as clients of the time read it, its HTTP status, and headers. */
export interface ToldFailure {
  httpStatus: number
  headers: Record<string, string>
  text: string
}

/** @param action as far as it is known */
export function failed(failure: AlexaFailure, action: string, about: About): ToldFailure {
  const { era, requestId } = about
  const { code, message } = failure
  if (isOfLastYears(about)) {
    const error = { ErrorCode: code, ErrorMessage: message }
    const results = [{ Alexa: { Request: { Errors: { Error: error } } } }]
    const text = lastForm(action, about, { results, status: { StatusCode: code, StatusMessage: message } })
    return { httpStatus: statusOf(failure), headers: {}, text }
  }
  const known = /^[A-Za-z]{1,32}$/.test(action) ? action : 'Unknown'
  if (isAboutIdentity(failure) && era === 'v2') {
    const error = { Error: { Code: code, Message: message } }
    const text = xmlOf({ Response: { Errors: error, RequestID: requestId } })
    return { httpStatus: 403, headers: {}, text }
  }
  if (isAboutIdentity(failure)) {
    const type =
      code === 'SignatureDoesNotMatch' ? 'InvalidSignatureException' : 'UnrecognizedClientException'
    return {
      httpStatus: 403,
      headers: { 'x-amzn-ErrorType': type },
      text: inResult('Response', 'Result', message, 'Error'),
    }
  }
  if (era === 'v2' && code === 'MissingParameter') {
    const response = aws({ OperationRequest: { RequestId: requestId } })
    const missing = { ...response, ...status('RequiredParameterMissingError', message) }
    const text = xmlOf({ [`aws:${known}Response`]: { '@xmlns:aws': OLDER, 'aws:Response': missing } })
    return { httpStatus: 200, headers: {}, text }
  }
  return {
    httpStatus: statusOf(failure),
    headers: {},
    text: inResult(`${known}Response`, `${known}Result`, `${code}: ${message}`),
  }

  function inResult(root: string, result: string, text: string, statusCode = 'ERROR'): string {
    const response = {
      '@xmlns:aws': namespaceOf(action),
      ...aws({
        OperationRequest: { RequestId: requestId },
        [result]: { Alexa: { Request: { Errors: { Error: { ErrorCode: text } } } } },
      }),
      ...status(statusCode),
    }
    return xmlOf({
      [`aws:${root}`]: { '@xmlns:aws': era === 'v4' ? NEWER : OLDER, 'aws:Response': response },
    })
  }
}

function statusOf(failure: AlexaFailure): number {
  if (isAboutIdentity(failure)) return 403
  return failure.code === 'InternalError' ? 503 : 400
}
