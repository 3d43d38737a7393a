import type { Distribution } from '../../distribution/schema.ts'
import type { ViewerCertificate } from '../../distribution/viewer-certificate.ts'
import { ConfigError } from '../../program/errors.ts'
import type { NamedCertificate } from './certificate.ts'

/** Where certificates are named. */
interface Naming {
  /** The edge's own, for whoever has none. */
  tls?: ViewerCertificate | undefined
  distributions: readonly Pick<Distribution, 'aliases' | 'enabled' | 'viewerCertificate'>[]
}

/** How the operator finds the settings that name files: what stands before `cert`, and before `[0].viewerCertificate`. */
interface Prefixes {
  tls: string
  distributions: string
}

const PREFIXES: Prefixes = { tls: 'tls.', distributions: 'distributions' }

/**
 * All certificates of an edge, each once: the file of the chain is its name.
 *
 * @throws ConfigError where one chain is given two keys, or two OCSP responses
 */
export function namedCertificates({ tls, distributions }: Naming, prefixes = PREFIXES): NamedCertificate[] {
  const all: NamedCertificate[] = []
  if (tls !== undefined) all.push({ files: tls, field: (part) => prefixes.tls + part, aliases: [] })
  for (const [at, { enabled, aliases, viewerCertificate }] of distributions.entries()) {
    if (!enabled || viewerCertificate === undefined) continue
    const field = (part: string) => `${prefixes.distributions}[${at}].viewerCertificate.${part}`
    all.push({ files: viewerCertificate, field, aliases })
  }
  const byChain = Map.groupBy(all, ({ files }) => files.cert)
  return byChain.values().map(asOne).toArray()
}

function asOne(sharing: readonly NamedCertificate[]): NamedCertificate {
  const [first, ...others] = sharing as [NamedCertificate, ...NamedCertificate[]]
  for (const part of ['key', 'ocspResponse'] as const) {
    const other = others.find(({ files }) => files[part] !== first.files[part])
    if (other === undefined) continue
    throw new ConfigError(
      other.field(part),
      `${first.files.cert} has another ${part} at ${first.field(part)}`,
      'Name the same files wherever a certificate is used.',
    )
  }
  return { ...first, aliases: sharing.flatMap(({ aliases }) => aliases) }
}
