import type { FastifyInstance } from 'fastify'

/** A browser asks its user for the key, and sends it as a password (RFC 7617). */
const CHALLENGE = 'Basic realm="Selvedge: a key for reports as the password", charset="UTF-8"'

/** Has browsers ask for a key where a page of `app` needs one. */
export function askForKey(app: FastifyInstance): void {
  app.addHook('onSend', async (_request, reply) => {
    if (reply.statusCode === 401) reply.header('WWW-Authenticate', CHALLENGE)
  })
}
