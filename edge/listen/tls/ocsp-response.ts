import type { X509Certificate } from 'node:crypto'
import { BasicOCSPResponse, id_pkix_ocsp_basic, OCSPResponse, OCSPResponseStatus } from '@peculiar/asn1-ocsp'
import { AsnConvert } from '@peculiar/asn1-schema'

/** A response that may be stapled. */
export interface Staple {
  /** DER in base64. */
  der: string
  /** Its nextUpdate, Unix ms: from then on viewers would refuse it. */
  untilMs: number
}

/**
 * Reads what a certificate authority's OCSP responder said (RFC 6960 §4.2) of a certificate. Its signature is
 * for viewers to check; what they would refuse for another reason is no staple.
 *
 * @returns the staple, or why there is none
 */
export function stapleIn(der: Buffer, certificate: X509Certificate, nowMs: number): Staple | string {
  const said = singleResponses(der)
  if (said === undefined) return 'is no successful OCSP response in DER'
  const serial = BigInt(`0x${certificate.serialNumber}`)
  const about = said.find(({ certID }) => BigInt(`0x${hexOf(certID.serialNumber)}`) === serial)
  if (about === undefined) return 'is about another certificate'
  if (about.certStatus.good === undefined) return 'does not say that the certificate is good'
  const untilMs = about.nextUpdate?.getTime()
  if (untilMs === undefined) return 'does not say until when it is good (nextUpdate)'
  if (untilMs <= nowMs) return `was good until ${new Date(untilMs).toISOString()}`
  return { der: der.toString('base64'), untilMs }
}

function singleResponses(der: Buffer) {
  try {
    const { responseStatus, responseBytes } = AsnConvert.parse(der, OCSPResponse)
    if (responseStatus !== OCSPResponseStatus.successful) return undefined
    if (responseBytes?.responseType !== id_pkix_ocsp_basic) return undefined
    return AsnConvert.parse(responseBytes.response.buffer, BasicOCSPResponse).tbsResponseData.responses
  } catch {
    return undefined // no DER, or not of this shape
  }
}

function hexOf(bytes: ArrayBuffer): string {
  return Buffer.from(bytes).toString('hex')
}
