import { X509Certificate } from 'node:crypto'
import { createSecureContext, type SecureContext, type Server, type TlsOptions } from 'node:tls'
import type { Distributions } from '../../distribution/match.ts'
import type { Certificate } from './certificate.ts'
import type { Keyring, LiveKeyring } from './keyring.ts'
import { policyOptions } from './security-policies.ts'
import type { TlsSettings } from './settings.ts'

/** How long a session may be resumed, seconds: half as long as ticket keys are used (RFC 9325 §3.4). */
const SESSION_SECONDS = 12 * 3_600

/** Sessions are resumed only where they were begun: all our workers are one place. */
const SESSION_ID_CONTEXT = 'selvedge viewers'

/** How TLS is spoken with viewers. Everything is decided once a connection. */
export interface ViewerTls {
  /** To make a server with. */
  options: TlsOptions
  /** Has a server made with them staple OCSP responses, and take over what changes; open connections go on. */
  keep(server: Server): void
}

/** What is made of a keyring. */
interface Contexts {
  options: TlsOptions
  byChain: ReadonlyMap<string, Context>
  /** By the certificate, DER in base64. */
  staples: ReadonlyMap<string, Staple>
}

interface Context {
  cert: string
  context: SecureContext
}

interface Staple {
  der: Buffer
  untilMs: number
}

/**
 * The certificate is chosen by the name that a viewer asks for (SNI, RFC 6066 §3), as the distribution is by
 * Host: exactly, then by `*.name`, then by `*`. Who asks for none, or for a name of nobody's, gets the edge's own.
 */
export function viewerTls(
  settings: TlsSettings,
  keyring: LiveKeyring,
  { ofHost }: Pick<Distributions, 'ofHost'>,
): ViewerTls {
  let contexts = contextsOf(settings, keyring.current)

  const chooseByName: TlsOptions['SNICallback'] = (name, done) => {
    const chain = ofHost(name.toLowerCase())?.viewerCertificate?.cert
    done(null, chain === undefined ? undefined : contexts.byChain.get(chain)?.context)
  }

  function staple(certificate: Buffer, _issuer: Buffer, done: (error: null, der: Buffer | null) => void) {
    const found = contexts.staples.get(certificate.toString('base64'))
    done(null, found !== undefined && Date.now() < found.untilMs ? found.der : null)
  }

  return {
    // With one certificate there is nothing to choose, and handshakes needn't stop to ask.
    options: { ...contexts.options, ...(contexts.byChain.size > 1 && { SNICallback: chooseByName }) },
    keep(server) {
      const stapleWhatThereIs = () => {
        server.off('OCSPRequest', staple)
        if (contexts.staples.size > 0) server.on('OCSPRequest', staple)
      }
      stapleWhatThereIs()
      keyring.onChange(() => {
        contexts = contextsOf(settings, keyring.current, contexts)
        server.setSecureContext(contexts.options)
        stapleWhatThereIs()
      })
    },
  }
}

function contextsOf(
  settings: TlsSettings,
  { certificates, ticketKeys }: Keyring,
  before?: Contexts,
): Contexts {
  const own = certificates[settings.cert]
  const byChain = Object.entries(certificates).map(([chain, { cert, key }]) => {
    const known = before?.byChain.get(chain)
    // Of this context Node takes certificate and key alone; all else is settled before a name is heard.
    return [
      chain,
      known?.cert === cert ? known : { cert, context: createSecureContext({ cert, key }) },
    ] as const
  })
  return {
    options: {
      ...(own && { cert: own.cert, key: own.key }),
      ...policyOptions(settings.minimumProtocolVersion),
      ticketKeys: Buffer.from(ticketKeys, 'base64'),
      sessionTimeout: SESSION_SECONDS,
      sessionIdContext: SESSION_ID_CONTEXT,
    },
    byChain: new Map(byChain),
    staples: new Map(Object.values(certificates).flatMap(staplesOf)),
  }
}

function staplesOf({ cert, staple }: Certificate): [string, Staple][] {
  if (staple === undefined) return []
  const { der, untilMs } = staple
  return [[new X509Certificate(cert).raw.toString('base64'), { der: Buffer.from(der, 'base64'), untilMs }]]
}
