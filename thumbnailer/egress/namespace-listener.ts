/** Runs inside a new network namespace: listens, hands the socket over to who started it, and waits for its end. */
import { createServer } from 'node:net'

const server = createServer()
server.listen(0, '0.0.0.0', () => {
  process.send?.('listener', server, {}, () => {
    server.close(() => process.send?.('closed'))
  })
})
process.once('disconnect', () => process.exit())
