/**
 * Keys and certificates of a cluster, as PEM texts: an authority, what it issues, and whether what was issued still serves.
 * ECDSA on P-256 throughout: the server signs once for each handshake, and an RSA signature costs twenty times as much.
 */
import "reflect-metadata"
import * as x509 from "@peculiar/x509"
import { Clock, Duration, Effect } from "effect"
import { createHash, createPrivateKey, generateKeyPair, KeyObject, X509Certificate } from "node:crypto"
import { isIP } from "node:net"
import { promisify } from "node:util"

/** A certificate and its private key, both PEM. */
export interface Pair {
  readonly cert: string
  readonly key: string
}

/** What a certificate is asked for. */
export interface Request {
  /** For a client: the user's name. */
  readonly commonName: string
  /** For a client: the groups of the user. */
  readonly organizations?: ReadonlyArray<string>
  /** Names and addresses that a server answers under. */
  readonly hosts?: ReadonlyArray<string>
  readonly usages: ReadonlyArray<"client" | "server">
  readonly lifetime?: Duration.Input
}

/** Renewed when less than this part of its life is left. */
const renewAt = 0.2
const authorityLife = Duration.days(3650)
const certificateLife = Duration.days(365)
/** Clocks of machines differ: a certificate is valid a little before it is made. */
export const backdated = Duration.toMillis("5 minutes")

const algorithm = { name: "ECDSA", namedCurve: "P-256" }
export const signing = { name: "ECDSA", hash: "SHA-256" }
const usageIds = { client: x509.ExtendedKeyUsage.clientAuth, server: x509.ExtendedKeyUsage.serverAuth }

export const pemOf = (key: CryptoKey) => KeyObject.from(key).export({ type: "pkcs8", format: "pem" }).toString()
const der = (pem: string) => new Uint8Array(createPrivateKey(pem).export({ type: "pkcs8", format: "der" }))
export const newKeys = () => crypto.subtle.generateKey(algorithm, true, ["sign", "verify"])
export const signingKeyOf = ({ key }: Pair) => crypto.subtle.importKey("pkcs8", der(key), algorithm, false, ["sign"])
const between = (now: number, lifetime: Duration.Duration) => ({
  notBefore: new Date(now - backdated),
  notAfter: new Date(now + Duration.toMillis(lifetime))
})

/** A new authority, which signs itself. */
export const authority = Effect.fn("Pki.authority")(function* (commonName: string) {
  const now = yield* Clock.currentTimeMillis
  return yield* Effect.promise(async (): Promise<Pair> => {
    const keys = await newKeys()
    const cert = await x509.X509CertificateGenerator.createSelfSigned({
      name: [{ CN: [commonName] }],
      ...between(now, authorityLife),
      signingAlgorithm: signing,
      keys,
      extensions: [
        new x509.BasicConstraintsExtension(true, undefined, true),
        new x509.KeyUsagesExtension(
          x509.KeyUsageFlags.keyCertSign | x509.KeyUsageFlags.cRLSign | x509.KeyUsageFlags.digitalSignature,
          true
        ),
        await x509.SubjectKeyIdentifierExtension.create(keys.publicKey)
      ]
    })
    return { cert: cert.toString("pem"), key: pemOf(keys.privateKey) }
  })
})

export const subjectOf = ({ commonName, organizations = [] }: Pick<Request, "commonName" | "organizations">) => [
  ...organizations.map((organization) => ({ O: [organization] })),
  { CN: [commonName] }
]
export const alternativeName = (host: string): x509.JsonGeneralName => ({
  type: isIP(host) === 0 ? "dns" : "ip",
  value: host
})

/** A certificate with a new key, signed by the authority. */
export const issue = Effect.fn("Pki.issue")(function* (by: Pair, request: Request) {
  const now = yield* Clock.currentTimeMillis
  const { hosts = [], lifetime = certificateLife, usages } = request
  return yield* Effect.promise(async (): Promise<Pair> => {
    const [keys, issuer] = [await newKeys(), new x509.X509Certificate(by.cert)]
    const cert = await x509.X509CertificateGenerator.create({
      subject: subjectOf(request),
      issuer: issuer.subjectName.toJSON(),
      ...between(now, Duration.fromInputUnsafe(lifetime)),
      signingAlgorithm: signing,
      publicKey: keys.publicKey,
      signingKey: await signingKeyOf(by),
      extensions: [
        new x509.BasicConstraintsExtension(false, undefined, true),
        new x509.KeyUsagesExtension(x509.KeyUsageFlags.digitalSignature, true),
        new x509.ExtendedKeyUsageExtension(usages.map((usage) => usageIds[usage])),
        await x509.AuthorityKeyIdentifierExtension.create(issuer),
        ...(hosts.length === 0 ? [] : [new x509.SubjectAlternativeNameExtension(hosts.map(alternativeName))])
      ]
    })
    return { cert: cert.toString("pem"), key: pemOf(keys.privateKey) }
  })
})

/** Signs and verifies ServiceAccount tokens (ES256). */
export interface SigningKey {
  /** PKCS #8, PEM. */
  readonly privateKey: string
  /** SPKI, PEM. */
  readonly publicKey: string
}
export const signingKey = Effect.promise(async (): Promise<SigningKey> => {
  const keys = await promisify(generateKeyPair)("ec", { namedCurve: "P-256" })
  return {
    privateKey: keys.privateKey.export({ type: "pkcs8", format: "pem" }).toString(),
    publicKey: keys.publicKey.export({ type: "spki", format: "pem" }).toString()
  }
})

export const covers = (cert: X509Certificate, host: string) =>
  (isIP(host) === 0 ? cert.checkHost(host, { subject: "never" }) : cert.checkIP(host)) !== undefined

/** The certificate's user, as authentication reads it. */
export const subject = (cert: string): { readonly commonName: string; readonly organizations: ReadonlyArray<string> } => {
  const { subject } = new X509Certificate(cert).toLegacyObject()
  return { commonName: [subject.CN].flat()[0] ?? "", organizations: [subject.O ?? []].flat() }
}

/** Whether a pair is what is asked for, of this authority, and lives on for a while. `now` in milliseconds. */
export const serves = (by: Pair, pair: Pair, request: Request, now: number): boolean => {
  const cert = new X509Certificate(pair.cert)
  const [from, to] = [cert.validFromDate.getTime(), cert.validToDate.getTime()]
  const { commonName, organizations } = subject(pair.cert)
  const asked = request.organizations ?? []
  return (
    now >= from &&
    to - now > (to - from) * renewAt &&
    cert.verify(new X509Certificate(by.cert).publicKey) &&
    cert.checkPrivateKey(createPrivateKey(pair.key)) &&
    commonName === request.commonName &&
    organizations.length === asked.length &&
    asked.every((organization) => organizations.includes(organization)) &&
    (request.hosts ?? []).every((host) => covers(cert, host))
  )
}

/** How an authority is recognised that was told of on another way: `sha256:` and the digest of its public key in hex. */
export const pinOf = (cert: string): string => {
  const key = new X509Certificate(cert).publicKey.export({ type: "spki", format: "der" })
  return `sha256:${createHash("sha256").update(key).digest("hex")}`
}
