import { PortInUse } from '../../program/errors.ts'
import type { AnswerDns } from './answer.ts'
import { serveTcp, type TcpLimits } from './serve-tcp.ts'
import { serveUdp } from './serve-udp.ts'

/** Free UDP ports that are tried for one that is free for TCP too. */
const TRIES = 16

/** Both ways to be asked, on one port. */
export interface DnsServer extends AsyncDisposable {
  port: number
}

/**
 * Answers questions over UDP and TCP on one port, as resolvers expect it (RFC 7766 §5).
 *
 * Port 0 is any that is free for both: the system chooses by UDP alone, and its choice may be taken for TCP.
 *
 * @throws PortInUse
 */
export async function serveDns(
  at: { host: string; port: number },
  answer: AnswerDns,
  limits: TcpLimits,
): Promise<DnsServer> {
  // Until the end, so that none is chosen twice.
  await using passedOver = new AsyncDisposableStack()
  for (let tries = 1; ; tries++) {
    const udp = await serveUdp(at, answer)
    try {
      const tcp = await serveTcp({ host: at.host, port: udp.port }, answer, limits)
      const parts = new AsyncDisposableStack()
      parts.use(udp)
      parts.use(tcp)
      return { port: udp.port, [Symbol.asyncDispose]: () => parts.disposeAsync() }
    } catch (error) {
      passedOver.use(udp)
      if (!(error instanceof PortInUse) || at.port !== 0 || tries === TRIES) throw error
    }
  }
}
