/** What can be wrong with a request, by the names that Alexa's services had for it. */
export type AlexaCode =
  | 'AuthFailure'
  | 'InternalError'
  | 'InvalidAccessKeyId'
  | 'InvalidAction'
  | 'InvalidParameterValue'
  | 'InvalidResponseGroups'
  | 'MissingAction'
  | 'MissingParameter'
  | 'RequestExpired'
  | 'SignatureDoesNotMatch'

/** A request that can't be answered. */
export class AlexaFailure extends Error {
  readonly code: AlexaCode

  /** @param message what is wrong and what would be right; told to whoever asked */
  constructor(code: AlexaCode, message: string) {
    super(message)
    this.code = code
  }
}

/** Whether it is about who asks: HTTP 403. */
export function isAboutIdentity({ code }: AlexaFailure): boolean {
  return ['AuthFailure', 'InvalidAccessKeyId', 'RequestExpired', 'SignatureDoesNotMatch'].includes(code)
}
