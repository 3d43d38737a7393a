import { request } from 'undici'
import { SIGNATURE_FIELD, signatureOf } from './signature.ts'

/** A node asked another, or a person's command asked a node, and there was no good answer. */
export class NodeFailed extends Error {
  /** Status of the answer, if there was one. */
  readonly status: number | undefined

  constructor(problem: string, status?: number, options?: ErrorOptions) {
    super(problem, options)
    this.name = 'NodeFailed'
    this.status = status
  }
}

/** What a node answered. */
export interface NodeAnswer {
  status: number
  body: unknown
}

/**
 * Asks a node's admin port, signed with the key that all share.
 *
 * @param asked body given: a POST of it as JSON
 * @param msMax until the answer is whole
 * @throws NodeFailed when it can't be reached, takes too long, or answers with what isn't JSON
 */
export async function askNode(
  url: string,
  asked: { path: string; body?: unknown },
  { key, msMax }: { key: string; msMax: number },
): Promise<NodeAnswer> {
  const method = asked.body === undefined ? 'GET' : 'POST'
  const body = asked.body === undefined ? '' : JSON.stringify(asked.body)
  const signature = signatureOf(key, { method, target: asked.path, body }, Date.now())
  try {
    const response = await request(new URL(asked.path, url), {
      method,
      headers: { 'content-type': 'application/json', [SIGNATURE_FIELD]: signature },
      body: body === '' ? null : body,
      signal: AbortSignal.timeout(msMax),
    })
    const text = await response.body.text()
    return { status: response.statusCode, body: parsed(text, response.statusCode) }
  } catch (error) {
    if (error instanceof NodeFailed) throw error
    throw new NodeFailed(reasonOf(error, msMax), undefined, { cause: error })
  }
}

function parsed(text: string, status: number): unknown {
  try {
    return JSON.parse(text)
  } catch (cause) {
    throw new NodeFailed(`answered ${status} without JSON: is this an admin port of ours?`, status, { cause })
  }
}

function reasonOf(error: unknown, msMax: number): string {
  if (!(error instanceof Error)) return String(error)
  if (error.name === 'TimeoutError') return `no answer within ${msMax} ms`
  return (error as NodeJS.ErrnoException).code ?? error.message
}
