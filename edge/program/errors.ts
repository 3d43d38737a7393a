/**
 * Every failure we foresee. `code` never changes once released (operators alert on it);
 * `message` says what is wrong and where; `remedy` says what to do; `status` and
 * `publicMessage` are all that a viewer or an API client learns.
 */
export abstract class SelvedgeError extends Error {
  abstract readonly code: string
  abstract readonly remedy: string
  readonly status: number = 500
  readonly publicMessage: string = 'The server could not answer this request.'

  constructor(message: string, options?: ErrorOptions) {
    super(message, options)
    this.name = new.target.name
  }
}

/** The configuration can't be used. Thrown only at start-up, before any port is opened; exit status 2. */
export class ConfigError extends SelvedgeError {
  readonly code = 'SELVEDGE_CONFIG'
  readonly remedy: string

  /**
   * @param field path in the file or the option, e.g. `distributions[2].origins[0].url` or `--http-port`
   * @param problem what was found there
   * @param remedy what is allowed instead
   */
  constructor(field: string, problem: string, remedy: string) {
    super(`${field}: ${problem}`)
    this.remedy = remedy
  }
}

/** A port of ours is taken by somebody else. Thrown at start-up; exit status 2. */
export class PortInUse extends SelvedgeError {
  readonly code = 'SELVEDGE_PORT_IN_USE'
  readonly remedy: string

  /** @param option how to choose another port, e.g. `--http-port` or `edge.httpPort` */
  constructor(port: number, host: string, purpose: string, option: string) {
    super(`port ${port} on ${host} (${purpose}) is already in use`)
    this.remedy = `Choose another with ${option}, or stop the program that has it.`
  }
}

/** One line for a terminal: what is wrong, then what to do. Errors that we did not foresee keep their stack. */
export function describeError(error: unknown): string {
  if (error instanceof SelvedgeError) return `${error.message}\n  ${error.remedy}`
  return error instanceof Error ? (error.stack ?? error.message) : String(error)
}
