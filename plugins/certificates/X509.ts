/** The parts of certificates and of requests for them, and how an authority signs one. Source: RFC 5280. */
import { AsnConvert, OctetString } from "@peculiar/asn1-schema"
import * as asn from "@peculiar/asn1-x509"
import {
  createHash,
  createPrivateKey,
  createPublicKey,
  type KeyObject,
  randomBytes,
  sign,
  X509Certificate
} from "node:crypto"
import { isIP } from "node:net"

/** How it signs: SHA-256, with the key that it has. */
export const signatureOf = (key: KeyObject) =>
  key.asymmetricKeyType === "rsa"
    ? new asn.AlgorithmIdentifier({ algorithm: "1.2.840.113549.1.1.11", parameters: null })
    : new asn.AlgorithmIdentifier({ algorithm: "1.2.840.10045.4.3.2" })
export const hash = "sha256"

/** The bytes alone: a Buffer may be a view of more. */
export const bytesOf = (buffer: Buffer) => new Uint8Array(buffer).buffer

const oids = { commonName: "2.5.4.3", organization: "2.5.4.10" }

export interface Subject {
  readonly commonName: string
  readonly organizations?: ReadonlyArray<string>
}

export const nameOf = ({ commonName, organizations = [] }: Subject) => {
  const one = (type: string, utf8String: string) =>
    new asn.RelativeDistinguishedName([
      new asn.AttributeTypeAndValue({ type, value: new asn.AttributeValue({ utf8String }) })
    ])
  return new asn.Name([...organizations.map((name) => one(oids.organization, name)), one(oids.commonName, commonName)])
}

export const subjectOf = (name: asn.Name): Required<Subject> => {
  const all = [...name].flatMap((one) => [...one])
  const of = (wanted: string) => all.flatMap(({ type, value }) => (type === wanted ? [value.toString()] : []))
  return { commonName: of(oids.commonName)[0] ?? "", organizations: of(oids.organization) }
}

export const alternativeName = (host: string) =>
  new asn.GeneralName(isIP(host) === 0 ? { dNSName: host } : { iPAddress: host })

const extension = (extnID: string, value: object, critical = false) =>
  new asn.Extension({ extnID, critical, extnValue: new OctetString(AsnConvert.serialize(value)) })

export const isAuthority = (cA: boolean) => extension(asn.id_ce_basicConstraints, new asn.BasicConstraints({ cA }), true)
export const keyUsage = (flags: number) => extension(asn.id_ce_keyUsage, new asn.KeyUsage(flags), true)
export const extendedKeyUsage = (ids: ReadonlyArray<string>) =>
  extension(asn.id_ce_extKeyUsage, new asn.ExtendedKeyUsage([...ids]))
export const alternativeNames = (names: ReadonlyArray<asn.GeneralName>) =>
  extension(asn.id_ce_subjectAltName, new asn.SubjectAlternativeName([...names]))

export const identifierOf = ({ subjectPublicKey }: asn.SubjectPublicKeyInfo) =>
  bytesOf(createHash("sha1").update(new Uint8Array(subjectPublicKey)).digest())
export const subjectKey = (key: asn.SubjectPublicKeyInfo) =>
  extension(asn.id_ce_subjectKeyIdentifier, new asn.SubjectKeyIdentifier(identifierOf(key)))

/** Of a private key or a public one. */
export const publicKeyOf = (key: KeyObject) => {
  const known = key.type === "private" ? createPublicKey(key) : key
  return AsnConvert.parse(known.export({ type: "spki", format: "der" }), asn.SubjectPublicKeyInfo)
}

/** Who signs. */
export interface Issuer {
  readonly name: asn.Name
  readonly key: KeyObject
  /** By which its certificate is found among others of its name. */
  readonly identifier: ArrayBuffer
}

/** `cert` and `key`, PEM. */
export const issuerOf = (pair: { readonly cert: string; readonly key: string }): Issuer => {
  const { tbsCertificate } = AsnConvert.parse(new X509Certificate(pair.cert).raw, asn.Certificate)
  const { extensions = [], subject, subjectPublicKeyInfo } = tbsCertificate
  const said = [...extensions].find(({ extnID }) => extnID === asn.id_ce_subjectKeyIdentifier)
  const identifier =
    said === undefined
      ? identifierOf(subjectPublicKeyInfo)
      : AsnConvert.parse(said.extnValue.buffer, asn.SubjectKeyIdentifier).buffer
  return { name: subject, key: createPrivateKey(pair.key), identifier }
}
const authorityKey = ({ identifier }: Issuer) => {
  const keyIdentifier = new asn.SubjectKeyIdentifier(identifier)
  return extension(asn.id_ce_authorityKeyIdentifier, new asn.AuthorityKeyIdentifier({ keyIdentifier }))
}

/** Positive, and of sixteen bytes whatever they are: the first is neither nought nor has the sign's bit. */
const serialNumber = () => {
  const bytes = randomBytes(16)
  bytes[0] = ((bytes[0] ?? 0) & 0x3f) | 0x40
  return bytesOf(bytes)
}

export interface About {
  readonly subject: asn.Name
  readonly publicKey: asn.SubjectPublicKeyInfo
  readonly notBefore: Date
  readonly notAfter: Date
  readonly extensions: ReadonlyArray<asn.Extension>
}

/** The certificate, PEM. Without an issuer the authority signs itself, by `key`. */
export const signed = (by: Issuer | { readonly key: KeyObject }, about: About): string => {
  const { extensions, notAfter, notBefore, publicKey, subject } = about
  const signatureAlgorithm = signatureOf(by.key)
  const isOther = "identifier" in by
  const tbsCertificate = new asn.TBSCertificate({
    version: asn.Version.v3,
    serialNumber: serialNumber(),
    signature: signatureAlgorithm,
    issuer: isOther ? by.name : subject,
    validity: new asn.Validity({ notBefore, notAfter }),
    subject,
    subjectPublicKeyInfo: publicKey,
    extensions: new asn.Extensions(isOther ? [...extensions, authorityKey(by)] : [...extensions])
  })
  const signatureValue = bytesOf(sign(hash, new Uint8Array(AsnConvert.serialize(tbsCertificate)), by.key))
  const certificate = new asn.Certificate({ tbsCertificate, signatureAlgorithm, signatureValue })
  return new X509Certificate(new Uint8Array(AsnConvert.serialize(certificate))).toString()
}
