/**
 * Says in one line of the terminal what is being done, over what it said before. Nothing where standard error
 * is no terminal.
 *
 * @param doing empty when it is done, and the line goes
 */
export function sayProgress(doing: string): void {
  if (process.stderr.isTTY)
    process.stderr.write(`\r\x1b[K${doing.slice(0, (process.stderr.columns ?? 80) - 1)}`)
}
