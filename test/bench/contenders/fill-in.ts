import { readFileSync, writeFileSync } from 'node:fs'

/**
 * Writes a configuration of `peers/` with every `@NAME@` filled in.
 *
 * @param template its name in `peers/`
 * @throws when it names something that has no value
 */
export function fillIn(
  template: string,
  to: string,
  values: Readonly<Record<string, string | number>>,
): void {
  const text = readFileSync(new URL(`peers/${template}`, import.meta.url), 'utf8')
  const filled = text.replace(/@([A-Z_]+)@/g, (_, name: string) => {
    const value = values[name]
    if (value === undefined) throw new Error(`peers/${template}: nobody fills in @${name}@`)
    return String(value)
  })
  writeFileSync(to, filled)
}
