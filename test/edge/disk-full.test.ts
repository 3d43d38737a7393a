import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pino } from 'pino'
import { expect, test } from 'vitest'
import { openDiskStore } from '../../edge/cache/disk/disk-store.ts'
import { responseOf } from './disk-bodies.ts'

/** A disk of its own, so small that it is soon full; `undefined` where nobody may mount one. */
function smallDisk(megabytes: number) {
  const path = mkdtempSync(join(tmpdir(), 'selvedge-full-'))
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${megabytes}m`, 'tmpfs', path], { stdio: 'ignore' })
  } catch {
    // Mounting takes root, and not even all containers of root may.
    rmdirSync(path)
    return undefined
  }
  return {
    path,
    [Symbol.dispose]() {
      execFileSync('umount', [path])
      rmdirSync(path)
    },
  }
}

const response = (at: number) => responseOf(Buffer.alloc(200_000, `body ${at}`), { version: `v${at}` })

test('a disk that is full is served from, not written to, said once, and used again when it has room', async ({
  skip,
}) => {
  using small = smallDisk(20)
  if (small === undefined) return skip('needs root, to mount a small disk')
  writeFileSync(join(small.path, 'others'), Buffer.alloc(6_000_000))
  const lines: string[] = []
  await using store = await openDiskStore({
    directory: join(small.path, 'cache'),
    bytesMax: 100e6,
    log: pino({ level: 'error' }, { write: (line: string) => void lines.push(line) }),
  })

  for (let at = 0; at < 150; at += 1) {
    store.write(`key ${at}`, response(at))
    if (at % 5 === 0) await store.flushed()
  }
  await store.flushed()

  expect(store.dropped).toBeGreaterThan(0)
  expect(store.objects).toBe(150 - store.dropped)
  expect(lines.length).toBe(1)
  expect(lines[0]).toContain('nothing is kept until it can')
  let kept = 0
  for (let at = 0; at < 150; at += 1) {
    const [read] = await store.read(`key ${at}`)
    if (read === undefined) continue
    kept += 1
    expect(read.body.equals(response(at).body)).toBe(true)
  }
  expect([kept, store.damaged]).toEqual([store.objects, 0])

  rmSync(join(small.path, 'others'))
  await expect
    .poll(
      async () => {
        store.write('after', response(200))
        await store.flushed()
        return (await store.read('after')).length
      },
      { timeout: 5_000 },
    )
    .toBe(1)
})
