import { createSocket, type RemoteInfo } from 'node:dgram'
import { once } from 'node:events'
import ipaddr from 'ipaddr.js'

/** A name server of the test's own. */
export interface NameServer extends AsyncDisposable {
  /** As `resolver.setServers` takes it. */
  address: string
}

const TYPES = { A: 1, AAAA: 28 } as const

/**
 * Answers A and AAAA (RFC 1035 §4) over UDP with a time to live of 0.
 *
 * @param addressesOf of a name, for the n-th question of that kind, counted from 0; none for no such name
 */
export async function startNameServer(
  addressesOf: (name: string, count: number) => readonly string[],
): Promise<NameServer> {
  const asked = new Map<string, number>()
  const socket = createSocket('udp4')
  socket.on('message', (query: Buffer, from: RemoteInfo) => {
    const { name, type, end } = readQuestion(query)
    const count = asked.get(`${name} ${type}`) ?? 0
    asked.set(`${name} ${type}`, count + 1)
    const answers = addressesOf(name, count)
      .map((address) => Buffer.from(ipaddr.parse(address).toByteArray()))
      .filter((bytes) => type === (bytes.length === 4 ? TYPES.A : TYPES.AAAA))
    socket.send(answerOf(query.subarray(0, end), type, answers), from.port, from.address)
  })
  socket.bind(0, '127.0.0.1')
  await once(socket, 'listening')
  return {
    address: `127.0.0.1:${socket.address().port}`,
    [Symbol.asyncDispose]: async () => void socket.close(),
  }
}

function readQuestion(query: Buffer): { name: string; type: number; end: number } {
  const labels: string[] = []
  let at = 12
  for (let length = query[at] ?? 0; length > 0; length = query[at] ?? 0) {
    labels.push(query.toString('latin1', at + 1, at + 1 + length).toLowerCase())
    at += 1 + length
  }
  return { name: labels.join('.'), type: query.readUInt16BE(at + 1), end: at + 5 }
}

/** The question once more, and a record for each address whose name points at it. */
function answerOf(question: Buffer, type: number, addresses: readonly Buffer[]): Buffer {
  const head = Buffer.from(question)
  head.writeUInt16BE(0x8180, 2) // an answer, recursion wanted and had
  head.writeUInt16BE(addresses.length, 6)
  head.writeUInt32BE(0, 8)
  const records = addresses.map((address) => {
    const record = Buffer.alloc(12)
    record.writeUInt16BE(0xc00c, 0) // the name at offset 12
    record.writeUInt16BE(type, 2)
    record.writeUInt16BE(1, 4)
    record.writeUInt16BE(address.length, 10)
    return Buffer.concat([record, address])
  })
  return Buffer.concat([head, ...records])
}
