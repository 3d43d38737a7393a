import { fork } from 'node:child_process'
import { once } from 'node:events'
import { expect, test } from 'vitest'
import { directory, forkAnalytics, MAIN, settingsBut } from './analytics.ts'

/** Stands in for an installation without the optional package. */
const WITHOUT_CHDB = `
  import { registerHooks } from 'node:module'
  registerHooks({
    resolve(name, context, next) {
      if (name.startsWith('chdb')) throw new Error('Cannot find package chdb')
      return next(name, context)
    },
  })`

/** What a program that can't start says, and its exit status. */
async function failureOf(settings: unknown, execArgv: string[] = []) {
  const program = fork(MAIN, { execArgv, stdio: ['ignore', 'ignore', 'ignore', 'ipc'] })
  program.send({ settings })
  const words: { failed?: string }[] = []
  program.on('message', (word: { failed?: string }) => words.push(word))
  const [status] = await once(program, 'exit')
  return { failed: words[0]?.failed ?? '', status }
}

test('a second program on the same directory says who has it, and what to do', async () => {
  await using data = await directory()
  const first = await forkAnalytics(await settingsBut({ data: data.path }))

  const second = await failureOf(await settingsBut({ data: data.path }))
  first.kill('SIGTERM')

  expect(second.failed).toContain(`${data.path}: process ${first.pid} has it open`)
  expect(second.failed).toMatch(/set CLICKHOUSE_URL to a ClickHouse server, which many can share/)
  expect(second.status).toBe(2)
  expect(await once(first, 'exit')).toEqual([0, null])
})

test('without the embedded ClickHouse and without a server it says how to have one', async () => {
  await using data = await directory()

  const failure = await failureOf(await settingsBut({ data: data.path }), [
    '--import',
    `data:text/javascript,${encodeURIComponent(WITHOUT_CHDB)}`,
  ])

  expect(failure.failed).toMatch(/^clickhouseUrl: is not set, and the embedded ClickHouse can not be loaded/)
  expect(failure.failed).toMatch(/Set CLICKHOUSE_URL to a ClickHouse server, or install the embedded one/)
  expect(failure.status).toBe(2)
})
