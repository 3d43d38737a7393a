import { readFile } from 'node:fs/promises'

/** A statement from its file. @param beside `import.meta.url` of the file that runs it */
export function sqlFile(beside: string, name: string): Promise<string> {
  return readFile(new URL(name, beside), 'utf8')
}
