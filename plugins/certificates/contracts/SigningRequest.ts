/** Requests for certificates (PKCS #10, PEM): made for a key, read and checked, and answered by an authority. */
import { Attributes, CertificationRequest, CertificationRequestInfo } from "@peculiar/asn1-csr"
import { AsnConvert } from "@peculiar/asn1-schema"
import * as asn from "@peculiar/asn1-x509"
import { Clock, Effect, Result, Schema } from "effect"
import { createPublicKey, sign as signBytes, verify, X509Certificate } from "node:crypto"
import * as Pki from "./Pki.ts"
import * as X509 from "../X509.ts"

/** What a certificate is asked for. */
export interface Asked {
  readonly commonName: string
  readonly organizations: ReadonlyArray<string>
  readonly dnsNames: ReadonlyArray<string>
  readonly addresses: ReadonlyArray<string>
  readonly emails: ReadonlyArray<string>
  readonly uris: ReadonlyArray<string>
}

export class Unreadable extends Schema.TaggedError<Unreadable>()("Unreadable", { detail: Schema.String }) {
  override get message() {
    return this.detail
  }
}

const label = "CERTIFICATE REQUEST"
const block = new RegExp(`-----BEGIN ${label}-----([A-Za-z0-9+/=\\s]+)-----END ${label}-----`)

/** Of the algorithms that a request is signed with, the digests: those with SHA-1 prove nothing. Source: RFC 5758, RFC 8017, RFC 8410. */
const digests: { readonly [algorithm: string]: string | null } = {
  "1.2.840.10045.4.3.2": "sha256",
  "1.2.840.10045.4.3.3": "sha384",
  "1.2.840.10045.4.3.4": "sha512",
  "1.2.840.113549.1.1.11": "sha256",
  "1.2.840.113549.1.1.12": "sha384",
  "1.2.840.113549.1.1.13": "sha512",
  "1.3.101.112": null
}

/** Whoever asks has the key that he asks for: what is asked is signed by it. */
const isSigned = (csr: CertificationRequest) => {
  const { certificationRequestInfo, certificationRequestInfoRaw: asked, signature, signatureAlgorithm } = csr
  const digest = digests[signatureAlgorithm.algorithm]
  if (asked === undefined || digest === undefined) return false
  const spki = Buffer.from(AsnConvert.serialize(certificationRequestInfo.subjectPKInfo))
  const key = createPublicKey({ key: spki, format: "der", type: "spki" })
  return verify(digest, new Uint8Array(asked), key, new Uint8Array(signature))
}

const read = (pem: string) => {
  const [, text = ""] = block.exec(pem) ?? []
  if (text === "") throw new Error(`PEM block type must be ${label}`)
  const csr = AsnConvert.parse(Buffer.from(text, "base64"), CertificationRequest)
  if (!isSigned(csr)) throw new Error("the request is not signed by the key that it asks for")
  return csr.certificationRequestInfo
}

/** Source: PKCS #9, extensionRequest. */
const extensionRequest = "1.2.840.113549.1.9.14"

/** Requests may have no attributes at all, which the library's type does not say. */
const namesOf = ({ attributes = new Attributes() }: { readonly attributes?: Attributes }) =>
  // The library's lists are no plain ones, and nor would be what is mapped of them.
  [...attributes]
    .filter(({ type }) => type === extensionRequest)
    .flatMap(({ values }) => values)
    .flatMap((value) => [...AsnConvert.parse(value, asn.Extensions)])
    .filter(({ extnID }) => extnID === asn.id_ce_subjectAltName)
    .flatMap(({ extnValue }) => [...AsnConvert.parse(extnValue.buffer, asn.SubjectAlternativeName)])

const given = (values: ReadonlyArray<string | undefined>) => values.filter((value) => value !== undefined)

export const parse = (pem: string): Result.Result<Asked, Unreadable> =>
  Result.try({
    try: () => {
      const csr = read(pem)
      const names = namesOf(csr)
      return {
        ...X509.subjectOf(csr.subject),
        dnsNames: given(names.map(({ dNSName }) => dNSName)),
        addresses: given(names.map(({ iPAddress }) => iPAddress)),
        emails: given(names.map(({ rfc822Name }) => rfc822Name)),
        uris: given(names.map(({ uniformResourceIdentifier }) => uniformResourceIdentifier))
      }
    },
    catch: (cause) => new Unreadable({ detail: cause instanceof Error ? cause.message : String(cause) })
  })

const pem = (der: ArrayBuffer) => {
  const lines =
    Buffer.from(der)
      .toString("base64")
      .match(/.{1,64}/g) ?? []
  return [`-----BEGIN ${label}-----`, ...lines, `-----END ${label}-----`, ""].join("\n")
}

/** A new key, and a request for a certificate of it. */
export const make = Effect.fnUntraced(function* (request: Omit<Pki.Request, "usages" | "lifetime">) {
  const { privateKey: key } = yield* Pki.newKey
  const names = (request.hosts ?? []).map(X509.alternativeName)
  const extensions = new asn.Extensions([X509.alternativeNames(names)])
  const asked = new asn.Attribute({ type: extensionRequest, values: [AsnConvert.serialize(extensions)] })
  const certificationRequestInfo = new CertificationRequestInfo({
    subject: X509.nameOf(request),
    subjectPKInfo: X509.publicKeyOf(key),
    attributes: new Attributes(names.length === 0 ? [] : [asked])
  })
  const signature = signBytes(X509.hash, new Uint8Array(AsnConvert.serialize(certificationRequestInfo)), key)
  const csr = new CertificationRequest({
    certificationRequestInfo,
    signatureAlgorithm: X509.signatureOf(key),
    signature: X509.bytesOf(signature)
  })
  return { request: pem(AsnConvert.serialize(csr)), key: Pki.pemOf(key) }
})

const { KeyUsageFlags: Flags } = asn
/** Kubernetes' words for what a key is for. Source: certificates.k8s.io/v1 KeyUsage; RFC 5280, 4.2.1.3 and 4.2.1.12. */
const keyUsages: { readonly [usage: string]: asn.KeyUsageFlags } = {
  signing: Flags.digitalSignature,
  "digital signature": Flags.digitalSignature,
  "content commitment": Flags.nonRepudiation,
  "key encipherment": Flags.keyEncipherment,
  "key agreement": Flags.keyAgreement,
  "data encipherment": Flags.dataEncipherment,
  "cert sign": Flags.keyCertSign,
  "crl sign": Flags.cRLSign,
  "encipher only": Flags.encipherOnly,
  "decipher only": Flags.decipherOnly
}
const extendedUsages: { readonly [usage: string]: string } = {
  any: asn.anyExtendedKeyUsage,
  "server auth": asn.id_kp_serverAuth,
  "client auth": asn.id_kp_clientAuth,
  "code signing": asn.id_kp_codeSigning,
  "email protection": asn.id_kp_emailProtection,
  "s/mime": asn.id_kp_emailProtection,
  "ipsec end system": "1.3.6.1.5.5.7.3.5",
  "ipsec tunnel": "1.3.6.1.5.5.7.3.6",
  "ipsec user": "1.3.6.1.5.5.7.3.7",
  timestamping: asn.id_kp_timeStamping,
  "ocsp signing": asn.id_kp_OCSPSigning,
  "microsoft sgc": "1.3.6.1.4.1.311.10.3.3",
  "netscape sgc": "2.16.840.1.113730.4.1"
}
export const usages: ReadonlyArray<string> = [...Object.keys(keyUsages), ...Object.keys(extendedUsages)].toSorted()

/** The certificate that is asked for, for so many seconds, and no longer than the authority lives. */
export const sign = Effect.fn("SigningRequest.sign")(function* (
  by: Pki.Pair,
  pem: string,
  about: { readonly usages: ReadonlyArray<string>; readonly seconds: number }
) {
  const now = yield* Clock.currentTimeMillis
  const csr = yield* Effect.fromResult(Result.try({ try: () => read(pem), catch: (cause) => cause })).pipe(
    Effect.mapError((cause) => new Unreadable({ detail: String(cause) }))
  )
  const last = new X509Certificate(by.cert).validToDate.getTime()
  const flags = about.usages.reduce((all, usage) => all | (keyUsages[usage] ?? 0), 0)
  const extended = [...new Set(about.usages.flatMap((usage) => extendedUsages[usage] ?? []))]
  const names = namesOf(csr)
  return X509.signed(Pki.issuerOf(by), {
    subject: csr.subject,
    publicKey: csr.subjectPKInfo,
    notBefore: new Date(now - Pki.backdated),
    notAfter: new Date(Math.min(now + about.seconds * 1000, last)),
    extensions: [
      X509.isAuthority(false),
      ...(flags === 0 ? [] : [X509.keyUsage(flags)]),
      ...(extended.length === 0 ? [] : [X509.extendedKeyUsage(extended)]),
      ...(names.length === 0 ? [] : [X509.alternativeNames(names)])
    ]
  })
})
