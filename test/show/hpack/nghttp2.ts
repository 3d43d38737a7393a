import { execFile, spawn } from 'node:child_process'
import { createInterface } from 'node:readline'
import { promisify } from 'node:util'
import { encodedBlock } from '../../../edge/listen/http2/hpack/encode.ts'

const PROGRAM = new URL('nghttp2.py', import.meta.url).pathname

/** What nghttp2 made of lists and of our blocks of them, in their order. */
export interface FromNghttp2 {
  blocks: Buffer[]
  read: string[][]
}

/** nghttp2's coder, one connection's worth. */
export interface Nghttp2 extends AsyncDisposable {
  /** @param tableBytes what its table may have from now on, at most 65,536 */
  code(lists: readonly string[][], tableBytes: number): Promise<FromNghttp2>
}

/** @returns `undefined` where this machine has no python3 or no libnghttp2.so.14 (Debian: libnghttp2-14) */
export async function startNghttp2(): Promise<Nghttp2 | undefined> {
  try {
    await promisify(execFile)('python3', ['-c', 'import ctypes; ctypes.CDLL("libnghttp2.so.14")'])
  } catch {
    return undefined
  }
  const program = spawn('python3', [PROGRAM], { stdio: ['pipe', 'pipe', 'inherit'] })
  const lines = createInterface({ input: program.stdout })[Symbol.asyncIterator]()
  return {
    async code(lists, tableBytes) {
      const pairs = lists.map((list) => [list, encodedBlock(list).toString('hex')])
      program.stdin.write(`${JSON.stringify({ tableBytes, pairs })}\n`)
      const { value, done } = await lines.next()
      if (done) throw new Error('nghttp2.py has ended; what it said is above')
      const answers = JSON.parse(value) as [string, string[]][]
      return {
        blocks: answers.map(([block]) => Buffer.from(block, 'hex')),
        read: answers.map(([, fields]) => fields),
      }
    },
    async [Symbol.asyncDispose]() {
      program.stdin.end()
    },
  }
}
