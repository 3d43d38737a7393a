import { execFile } from 'node:child_process'
import { once } from 'node:events'
import { writeFile } from 'node:fs/promises'
import { createServer, request } from 'node:http'
import { type AddressInfo, connect } from 'node:net'
import { join } from 'node:path'
import { createServer as createTlsServer } from 'node:tls'
import { promisify } from 'node:util'
import { generate } from 'selfsigned'
import { directory } from './analytics.ts'

const run = promisify(execFile)

/**
 * Runs a script that connects to `https://*.amazonaws.com`, and has it arrive at a port of ours: by a proxy that
 * it is told of, and a certificate that it is told to trust. The script is none the wiser.
 *
 * @returns what it printed, a JSON text a line
 */
export async function runAsAmazon(port: number, script: URL, argv: readonly string[]): Promise<unknown[]> {
  await using folder = await directory()
  await using parts = new AsyncDisposableStack()
  const names = ['awis.us-west-1.amazonaws.com', 'ats.us-west-1.amazonaws.com']
  const { private: key, cert } = await generate([{ name: 'commonName', value: 'amazonaws.com' }], {
    extensions: [
      { name: 'basicConstraints', cA: true },
      { name: 'subjectAltName', altNames: names.map((value) => ({ type: 2, value })) },
    ],
  })
  const trusted = join(folder.path, 'ca.pem')
  await writeFile(trusted, cert)
  const secure = createTlsServer({ key, cert }, (socket) => {
    const plain = connect(port, '127.0.0.1')
    socket.on('error', () => plain.destroy()).pipe(plain)
    plain.on('error', () => socket.destroy()).pipe(socket)
  })
  const proxy = createServer().on('connect', (_, socket) => {
    const far = connect((secure.address() as AddressInfo).port, '127.0.0.1', () => {
      socket.write('HTTP/1.1 200 OK\r\n\r\n')
      socket.on('error', () => far.destroy()).pipe(far)
    })
    far.on('error', () => socket.destroy()).pipe(socket)
  })
  for (const server of [secure, proxy]) {
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
    parts.defer(() => void server.close())
  }
  const { stdout } = await run(process.execPath, [script.pathname, ...argv], {
    env: {
      ...process.env,
      HTTPS_PROXY: `http://127.0.0.1:${(proxy.address() as AddressInfo).port}`,
      NODE_EXTRA_CA_CERTS: trusted,
      NODE_NO_WARNINGS: '1',
    },
  })
  return stdout
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as unknown)
}

/** What a server answers to a request whose headers are all ours, `Host` too; a POST where there is a body. */
export async function answerTo(
  port: number,
  path: string,
  headers: Record<string, string>,
  body?: string,
): Promise<{ status: number | undefined; headers: Record<string, unknown>; text: string }> {
  const method = body === undefined ? 'GET' : 'POST'
  const sent = request({ host: '127.0.0.1', port, path, headers, method }).end(body)
  const [response] = await once(sent, 'response')
  let text = ''
  for await (const chunk of response) text += chunk
  return { status: response.statusCode, headers: response.headers, text }
}
