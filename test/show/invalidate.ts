import { execFile } from 'node:child_process'
import { promisify } from 'node:util'

const COMMAND = new URL('../../deploy/invalidate.ts', import.meta.url).pathname

/**
 * Invalidates as `npm run invalidate` does, and waits until every node has applied it.
 *
 * @returns what the command printed
 */
export async function invalidate(config: string, distribution: string, names: string[]): Promise<string> {
  const argv = [COMMAND, '--config', config, '--distribution', distribution, ...names]
  const { stdout } = await promisify(execFile)(process.execPath, argv)
  return stdout
}
