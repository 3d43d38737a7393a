import { X509Certificate } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import {
  BasicOCSPResponse,
  CertID,
  CertStatus,
  id_pkix_ocsp_basic,
  OCSPResponse,
  OCSPResponseStatus,
  ResponderID,
  ResponseBytes,
  ResponseData,
  SingleResponse,
} from '@peculiar/asn1-ocsp'
import { AsnConvert, OctetString } from '@peculiar/asn1-schema'
import { AlgorithmIdentifier } from '@peculiar/asn1-x509'

/** A response as an authority would give it, but for its signature, which is for viewers to check. */
export async function ocspResponse(
  certFile: string,
  { good = true, untilMs = Date.now() + 3_600_000 }: { good?: boolean; untilMs?: number },
): Promise<Buffer> {
  const { serialNumber } = new X509Certificate(await readFile(certFile))
  const algorithm = new AlgorithmIdentifier({ algorithm: '1.3.14.3.2.26' })
  const bytes = (length: number) => new OctetString(new Uint8Array(length).buffer)
  const certID = new CertID({
    hashAlgorithm: algorithm,
    issuerNameHash: bytes(20),
    issuerKeyHash: bytes(20),
    serialNumber: new Uint8Array(Buffer.from(serialNumber, 'hex')).buffer,
  })
  const single = new SingleResponse({
    certID,
    certStatus: new CertStatus(good ? { good: null } : { unknown: null }),
    thisUpdate: new Date(Date.now() - 60_000),
    nextUpdate: new Date(untilMs),
  })
  const tbsResponseData = new ResponseData({
    responderID: new ResponderID({ byKey: bytes(20) }),
    producedAt: new Date(),
    responses: [single],
  })
  const basic = new BasicOCSPResponse({
    tbsResponseData,
    signatureAlgorithm: algorithm,
    signature: new Uint8Array(8).buffer,
  })
  const responseBytes = new ResponseBytes({
    responseType: id_pkix_ocsp_basic,
    response: new OctetString(AsnConvert.serialize(basic)),
  })
  const response = new OCSPResponse({ responseStatus: OCSPResponseStatus.successful, responseBytes })
  return Buffer.from(AsnConvert.serialize(response))
}
