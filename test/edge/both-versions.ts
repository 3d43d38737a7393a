import { once } from 'node:events'
import { type IncomingMessage, METHODS } from 'node:http'
import { request } from 'node:https'
import type { Asked, Http2Client } from './http2-client.ts'
import { normalised } from './wire.ts'

/** What was answered to one request, without what differs from one time, or one version of HTTP, to the next. */
export interface Said {
  status: number
  /** As `name: value`, in order; names in lower case. */
  fields: string[]
  body: string
}

/** One whole request of HTTP/1.1 in good order. */
const WHOLE =
  /^([A-Z]+) (\/[\x21-\x7e]*) HTTP\/1\.1\r\n((?:[!#$%&'*+\-.^_`|~0-9A-Za-z]+:[\t\x20-\x7e\x80-\xff]*\r\n)+)\r\n([\s\S]*)$/

/** Fields that mean nothing, or something else, in HTTP/2 (RFC 9113 §8.2.2); expectations are node:http's to answer. */
const NOT_SAYABLE =
  /^(expect|http2-settings|keep-alive|proxy-connection|te|trailer|transfer-encoding|upgrade)$/

/** A request of the corpus for either version, or `undefined` for what can't be said in HTTP/2. */
export function sayable(bytes: string): (Asked & { authority: string }) | undefined {
  const [, method = '', path = '', lines = '', body = ''] = WHOLE.exec(bytes) ?? []
  // Other methods are no HTTP to node:http.
  if (method === 'CONNECT' || !METHODS.includes(method)) return undefined
  const fields = lines.split('\r\n').slice(0, -1).map(fieldOf)
  if (fields.some(([name, value]) => NOT_SAYABLE.test(name) || isAboutConnection(name, value)))
    return undefined
  const valuesOf = (wanted: string) => fields.filter(([name]) => name === wanted).map(([, value]) => value)
  const [authority, ...others] = valuesOf('host')
  const lengths = valuesOf('content-length')
  if (!authority || others.length > 0 || (lengths[0] ?? '0') !== String(body.length)) return undefined
  const sent = fields.filter(([name]) => name !== 'host' && name !== 'connection').flat()
  return lengths.length > 1
    ? undefined
    : { method, path, authority, fields: sent, ...(lengths.length === 1 && { body }) }
}

/** Name, in lower case, and value. */
function fieldOf(line: string): [string, string] {
  const colon = line.indexOf(':')
  return [line.slice(0, colon).toLowerCase(), line.slice(colon + 1).replace(/^[\t ]+|[\t ]+$/g, '')]
}

/** Whether it says more of a connection than when it ends. */
function isAboutConnection(name: string, value: string): boolean {
  return name === 'connection' && !/^(close|keep-alive)$/i.test(value)
}

/** Asks by HTTP/1.1 over TLS. */
export async function askOverHttp1(port: number, asked: Asked & { authority: string }): Promise<Said> {
  const { method = 'GET', path = '/', authority, fields = [], body } = asked
  const headers = ['Host', authority, ...fields]
  const outgoing = request({ port, method, path, headers, agent: false, rejectUnauthorized: false })
  outgoing.end(body === undefined ? undefined : Buffer.from(body))
  const [incoming] = (await once(outgoing, 'response')) as [IncomingMessage]
  const chunks: Buffer[] = []
  for await (const chunk of incoming) chunks.push(chunk as Buffer)
  return said(incoming.statusCode ?? 0, incoming.rawHeaders, Buffer.concat(chunks).toString('latin1'))
}

/** Asks by HTTP/2. @throws when the stream was reset */
export async function askOverHttp2(viewer: Http2Client, asked: Asked): Promise<Said> {
  const { status, fields, body } = await viewer.ask(asked)
  return said(status, fields, body)
}

function said(status: number, raw: readonly string[], body: string): Said {
  const fields: string[] = []
  for (let at = 0; at < raw.length; at += 2) {
    const name = (raw[at] as string).toLowerCase()
    const value = raw[at + 1] as string
    if (/^(connection|keep-alive|transfer-encoding)$/.test(name)) continue
    // How HTTP/1.1 says that nothing follows.
    if (name === 'content-length' && value === '0') continue
    const isOfTheMoment = /^(date|age|x-selvedge-request-id)$/.test(name)
    fields.push(`${name}: ${isOfTheMoment ? '…' : normalised(value)}`)
  }
  return { status, fields, body: normalised(body) }
}
