// Asks by `awis`, a client that was written for Alexa's services and knows nothing of ours. Prints what it made of each answer.
const awis = require('awis')

const ask = awis({ key: process.argv[2], secret: process.argv[3] })
const requests = JSON.parse(process.argv[4])

function next(at) {
  if (at === requests.length) return
  ask(requests[at], (error, data) => {
    process.stdout.write(`${JSON.stringify(error ? { error: error.message } : data)}\n`)
    next(at + 1)
  })
}
next(0)
