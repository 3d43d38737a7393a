/** A process that appends one record to the spool it is given and then waits to be killed. */
import { pino } from 'pino'
import { type AccessRecord, RECORD_COLUMNS } from '../../edge/log/record.ts'
import { openSpool } from '../../edge/log/spool.ts'

const spool = openSpool(process.argv[2] as string, pino({ level: 'silent' }))
const empty = Object.fromEntries(RECORD_COLUMNS.map((column) => [column, ''])) as unknown as AccessRecord
spool.append({ ...empty, requestId: 'before the kill' })
setTimeout(() => process.send?.('flushed'), 500)
