/** An edge of `show:cities`: says its code to whoever asks, and that it is ready. `node city-edge.ts CODE` */
import { createServer } from 'node:http'

const code = process.argv[2] ?? ''
createServer((request, response) => {
  response.writeHead(200, { 'Content-Type': 'text/plain', 'Selvedge-Load': '0.1' })
  response.end(request.url === '/readyz' ? 'ready\n' : code)
}).listen(8_080, '0.0.0.0')
