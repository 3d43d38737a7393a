/** Fills a disk store until it is killed; prints the number of each response that is surely kept. */
import { pino } from 'pino'
import { openDiskStore } from '../../edge/cache/disk/disk-store.ts'
import { bodyOf, responseOf } from './disk-bodies.ts'

const [directory = '', from = '0'] = process.argv.slice(2)
const store = await openDiskStore({ directory, bytesMax: 1e9, log: pino({ level: 'silent' }) })
for (let at = Number(from); ; at += 1) {
  store.write(`key ${at}`, responseOf(bodyOf(at)))
  if (at % 50 === 49) {
    await store.flushed()
    process.stdout.write(`${at}\n`)
  }
}
