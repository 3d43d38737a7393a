import { AlexaFailure } from './failure.ts'

/** An HTTP request as it was signed. */
export interface AlexaRequest {
  method: string
  /** As received. */
  host: string
  /** Before anybody rewrote it, without the query. */
  path: string
  /** Of the query alone, which some signatures are over. */
  inQuery: ReadonlyMap<string, string>
  headers: Readonly<Record<string, string | undefined>>
  /** A form (POST), as received; empty of a GET. */
  body: string
  /** Of query and form together. */
  parameters: ReadonlyMap<string, string>
}

/** One question: most requests have one, a batch up to five. */
export interface Call {
  action: string
  /** What is asked, by names of parameters. */
  asked: ReadonlyMap<string, string>
}

/** Most questions in one request. */
const CALLS_MAX = 5

/** Longest value, characters: no URL or path of a category is longer. */
const VALUE_LENGTH_MAX = 2_048

/**
 * @param query as it stands in a URL, or in a form
 * @throws AlexaFailure for a parameter that comes twice, or can't be decoded
 */
export function parametersIn(query: string): Map<string, string> {
  const parameters = new Map<string, string>()
  for (const [name, value] of new URLSearchParams(query)) {
    if (parameters.has(name))
      throw new AlexaFailure('InvalidParameterValue', `${name} is given twice. Give it once.`)
    if (value.length > VALUE_LENGTH_MAX)
      throw new AlexaFailure(
        'InvalidParameterValue',
        `${name.slice(0, 64)} has over ${VALUE_LENGTH_MAX} characters.`,
      )
    parameters.set(name, value)
  }
  return parameters
}

/**
 * The questions of a request: `Url=…`, or as a batch `UrlInfo.Shared.ResponseGroup=…&UrlInfo.1.Url=…`.
 *
 * @param callsMax most of a batch
 * @throws AlexaFailure
 */
export function callsIn(parameters: ReadonlyMap<string, string>, callsMax = CALLS_MAX): Call[] {
  const action = actionIn(parameters)
  if (action === undefined)
    throw new AlexaFailure(
      'MissingAction',
      'Action is missing: UrlInfo, TrafficHistory, TopSites and others.',
    )
  const numbered = new Map<number, Map<string, string>>()
  const shared = new Map<string, string>()
  for (const [name, value] of parameters) {
    const [, number, own] = /^[A-Za-z]+\.(Shared|\d{1,3})\.([A-Za-z]+)$/.exec(name) ?? []
    if (number === undefined || own === undefined || !name.startsWith(`${action}.`)) continue
    if (number === 'Shared') shared.set(own, value)
    else numbered.set(Number(number), (numbered.get(Number(number)) ?? new Map()).set(own, value))
  }
  if (numbered.size === 0) return [{ action, asked: new Map([...parameters, ...shared]) }]
  return [...numbered]
    .sort(([a], [b]) => a - b)
    .map(([number, own], at) => {
      if (number !== at + 1 || at >= callsMax)
        throw new AlexaFailure('InvalidParameterValue', `A batch is numbered from 1 on, up to ${callsMax}.`)
      return { action, asked: new Map([...parameters, ...shared, ...own]) }
    })
}

/** The action that is named, as the request has it. */
export function actionIn(parameters: ReadonlyMap<string, string>): string | undefined {
  return parameters.get('Action') ?? parameters.get('Operation')
}

/** @throws AlexaFailure where it is missing */
export function required({ asked }: Call, name: string): string {
  const value = asked.get(name)
  if (value === undefined || value === '')
    throw new AlexaFailure('MissingParameter', `Required Parameter ${name} is missing`)
  return value
}

/** @throws AlexaFailure for anything but a whole number within the bounds */
export function wholeNumber(
  { asked }: Call,
  name: string,
  of: { least: number; most: number; unless: number },
): number {
  const value = asked.get(name)
  if (value === undefined || value === '') return of.unless
  const number = Number(value)
  if (/^\d{1,9}$/.test(value) && number >= of.least && number <= of.most) return number
  throw new AlexaFailure(
    'InvalidParameterValue',
    `${name} has to be a whole number from ${of.least} to ${of.most}.`,
  )
}

/** @throws AlexaFailure for anything but `True` and `False` */
export function trueOrFalse({ asked }: Call, name: string, unless: boolean): boolean {
  const value = asked.get(name)
  if (value === undefined || value === '') return unless
  if (value === 'True' || value === 'False') return value === 'True'
  throw new AlexaFailure('InvalidParameterValue', `${name} has to be True or False.`)
}

/** The response groups that are asked for, those that stand for several taken apart. @throws AlexaFailure */
export function responseGroups(
  call: Call,
  known: Readonly<Record<string, readonly string[]>>,
): ReadonlySet<string> {
  const groups = required(call, 'ResponseGroup').split(',')
  return new Set(
    groups.flatMap((name) => {
      const meant = Object.hasOwn(known, name) ? known[name] : undefined
      if (meant !== undefined) return meant
      throw new AlexaFailure(
        'InvalidResponseGroups',
        `ResponseGroup: there is no ${name.slice(0, 64)} for ${call.action}. There are ${Object.keys(known).join(', ')}.`,
      )
    }),
  )
}
