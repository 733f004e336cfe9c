/** Requests for certificates (PKCS #10, PEM): made for a key, read and checked, and answered by an authority. */
import "reflect-metadata"
import * as x509 from "@peculiar/x509"
import { Clock, Effect, Result, Schema } from "effect"
import { createPublicKey, verify, X509Certificate } from "node:crypto"
import * as Pki from "./Pki.ts"

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

const block = /-----BEGIN CERTIFICATE REQUEST-----([A-Za-z0-9+/=\s]+)-----END CERTIFICATE REQUEST-----/

/** The parts of a DER sequence, each with its head. Source: X.690. */
const partsOf = (der: Buffer): ReadonlyArray<{ readonly whole: Buffer; readonly content: Buffer }> => {
  const parts = []
  for (let at = 0; at < der.length; ) {
    const first = der[at + 1] ?? 0
    const more = first < 128 ? 0 : first & 127
    const length = more === 0 ? first : der.readUIntBE(at + 2, more)
    const [begin, end] = [at + 2 + more, at + 2 + more + length]
    parts.push({ whole: der.subarray(at, end), content: der.subarray(begin, end) })
    at = end
  }
  return parts
}

/** Whoever asks has the key that he asks for: what is asked is signed by it. */
const isSigned = (der: Buffer, csr: x509.Pkcs10CertificateRequest) => {
  const [outer] = partsOf(der)
  const [asked, , signature] = partsOf(outer?.content ?? Buffer.alloc(0))
  if (asked === undefined || signature === undefined) return false
  const key = createPublicKey({ key: Buffer.from(csr.publicKey.rawData), format: "der", type: "spki" })
  const algorithm: { readonly hash?: { readonly name: string } } = csr.signatureAlgorithm
  // The first octet of a bit string counts the bits that are not used.
  return verify(algorithm.hash?.name.replace("-", "") ?? null, asked.whole, key, signature.content.subarray(1))
}

const read = (pem: string) => {
  const [, text = ""] = block.exec(pem) ?? []
  if (text === "") throw new Error("PEM block type must be CERTIFICATE REQUEST")
  const der = Buffer.from(text, "base64")
  const csr = new x509.Pkcs10CertificateRequest(der)
  if (!isSigned(der, csr)) throw new Error("the request is not signed by the key that it asks for")
  return csr
}

const namesOf = ({ extensions }: x509.Pkcs10CertificateRequest) =>
  // The library's list is no plain one, and nor would be what is mapped of it.
  [...extensions].flatMap((one) => (one instanceof x509.SubjectAlternativeNameExtension ? [...one.names.items] : []))

export const parse = (pem: string): Result.Result<Asked, Unreadable> =>
  Result.try({
    try: () => {
      const csr = read(pem)
      const names = namesOf(csr)
      const of = (wanted: x509.GeneralNameType) => names.flatMap(({ type, value }) => (type === wanted ? [value] : []))
      return {
        commonName: csr.subjectName.getField("CN")[0] ?? "",
        organizations: csr.subjectName.getField("O"),
        dnsNames: of("dns"),
        addresses: of("ip"),
        emails: of("email"),
        uris: of("url")
      }
    },
    catch: (cause) => new Unreadable({ detail: cause instanceof Error ? cause.message : String(cause) })
  })

/** A new key, and a request for a certificate of it. */
export const make = (request: Omit<Pki.Request, "usages" | "lifetime">) =>
  Effect.promise(async () => {
    const keys = await Pki.newKeys()
    const names = (request.hosts ?? []).map(Pki.alternativeName)
    const csr = await x509.Pkcs10CertificateRequestGenerator.create({
      name: Pki.subjectOf(request),
      keys,
      signingAlgorithm: Pki.signing,
      extensions: names.length === 0 ? [] : [new x509.SubjectAlternativeNameExtension(names)]
    })
    return { request: csr.toString("pem"), key: Pki.pemOf(keys.privateKey) }
  })

const { KeyUsageFlags: Flags } = x509
/** Kubernetes' words for what a key is for. Source: certificates.k8s.io/v1 KeyUsage; RFC 5280, 4.2.1.3 and 4.2.1.12. */
const keyUsages: { readonly [usage: string]: x509.KeyUsageFlags } = {
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
  any: "2.5.29.37.0",
  "server auth": x509.ExtendedKeyUsage.serverAuth,
  "client auth": x509.ExtendedKeyUsage.clientAuth,
  "code signing": x509.ExtendedKeyUsage.codeSigning,
  "email protection": x509.ExtendedKeyUsage.emailProtection,
  "s/mime": x509.ExtendedKeyUsage.emailProtection,
  "ipsec end system": "1.3.6.1.5.5.7.3.5",
  "ipsec tunnel": "1.3.6.1.5.5.7.3.6",
  "ipsec user": "1.3.6.1.5.5.7.3.7",
  timestamping: x509.ExtendedKeyUsage.timeStamping,
  "ocsp signing": x509.ExtendedKeyUsage.ocspSigning,
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
  return yield* Effect.promise(async () => {
    const issuer = new x509.X509Certificate(by.cert)
    const cert = await x509.X509CertificateGenerator.create({
      subject: csr.subjectName.toJSON(),
      issuer: issuer.subjectName.toJSON(),
      notBefore: new Date(now - Pki.backdated),
      notAfter: new Date(Math.min(now + about.seconds * 1000, last)),
      signingAlgorithm: Pki.signing,
      publicKey: csr.publicKey,
      signingKey: await Pki.signingKeyOf(by),
      extensions: [
        new x509.BasicConstraintsExtension(false, undefined, true),
        ...(flags === 0 ? [] : [new x509.KeyUsagesExtension(flags, true)]),
        ...(extended.length === 0 ? [] : [new x509.ExtendedKeyUsageExtension(extended)]),
        await x509.AuthorityKeyIdentifierExtension.create(issuer),
        ...(names.length === 0 ? [] : [new x509.SubjectAlternativeNameExtension(names.map((name) => name.toJSON()))])
      ]
    })
    return cert.toString("pem")
  })
})
