import { readFile } from 'node:fs/promises'

/** Stands for another file, named as seen from this one: a question that others are made of. */
const INCLUDED = /\{\{([\w./-]+\.sql)\}\}/g

/**
 * A statement from its file, with the files that it includes.
 *
 * @param beside `import.meta.url` of the file that runs it
 */
export async function sqlFile(beside: string, name: string): Promise<string> {
  const file = new URL(name, beside)
  const text = await readFile(file, 'utf8')
  const names = [...text.matchAll(INCLUDED)].map(([, included = '']) => included)
  const texts = new Map<string, string>()
  for (const included of new Set(names)) texts.set(included, await sqlFile(file.href, included))
  return text.replace(INCLUDED, (_token, included: string) => texts.get(included) ?? '')
}
