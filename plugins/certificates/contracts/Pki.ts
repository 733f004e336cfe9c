/**
 * Keys and certificates of a cluster, as PEM texts: an authority, what it issues, and whether what was issued still serves.
 * ECDSA on P-256 throughout: the server signs once for each handshake, and an RSA signature costs twenty times as much.
 */
import * as asn from "@peculiar/asn1-x509"
import { Clock, Duration, Effect } from "effect"
import { createHash, createPrivateKey, generateKeyPair, type KeyObject, X509Certificate } from "node:crypto"
import { isIP } from "node:net"
import { promisify } from "node:util"
import * as X509 from "../X509.ts"

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

const usageIds = { client: asn.id_kp_clientAuth, server: asn.id_kp_serverAuth }

export const newKey = Effect.promise(() => promisify(generateKeyPair)("ec", { namedCurve: "P-256" }))
export const pemOf = (key: KeyObject) => key.export({ type: "pkcs8", format: "pem" }).toString()
const between = (now: number, lifetime: Duration.Duration) => ({
  notBefore: new Date(now - backdated),
  notAfter: new Date(now + Duration.toMillis(lifetime))
})

/** By the pair that an authority is: reading one takes longer than to sign by it. */
const issuers = new WeakMap<Pair, X509.Issuer>()
export const issuerOf = (by: Pair) => {
  const known = issuers.get(by) ?? X509.issuerOf(by)
  issuers.set(by, known)
  return known
}

/** A new authority, which signs itself. */
export const authority = Effect.fn("Pki.authority")(function* (commonName: string): Effect.fn.Return<Pair> {
  const now = yield* Clock.currentTimeMillis
  const { privateKey: key } = yield* newKey
  const publicKey = X509.publicKeyOf(key)
  const name = X509.nameOf({ commonName })
  const { cRLSign, digitalSignature, keyCertSign } = asn.KeyUsageFlags
  const cert = X509.signed(
    { key },
    {
      subject: name,
      publicKey,
      ...between(now, authorityLife),
      extensions: [
        X509.isAuthority(true),
        X509.keyUsage(keyCertSign | cRLSign | digitalSignature),
        X509.subjectKey(publicKey)
      ]
    }
  )
  const pair = { cert, key: pemOf(key) }
  issuers.set(pair, { name, key, identifier: X509.identifierOf(publicKey) })
  return pair
})

/** A certificate with a new key, signed by the authority. */
export const issue = Effect.fn("Pki.issue")(function* (by: Pair, request: Request): Effect.fn.Return<Pair> {
  const now = yield* Clock.currentTimeMillis
  const { hosts = [], lifetime = certificateLife, usages } = request
  const { privateKey: key } = yield* newKey
  const cert = X509.signed(issuerOf(by), {
    subject: X509.nameOf(request),
    publicKey: X509.publicKeyOf(key),
    ...between(now, Duration.fromInputUnsafe(lifetime)),
    extensions: [
      X509.isAuthority(false),
      X509.keyUsage(asn.KeyUsageFlags.digitalSignature),
      X509.extendedKeyUsage(usages.map((usage) => usageIds[usage])),
      ...(hosts.length === 0 ? [] : [X509.alternativeNames(hosts.map(X509.alternativeName))])
    ]
  })
  return { cert, key: pemOf(key) }
})

/** Signs and verifies ServiceAccount tokens (ES256). */
export interface SigningKey {
  /** PKCS #8, PEM. */
  readonly privateKey: string
  /** SPKI, PEM. */
  readonly publicKey: string
}
export const signingKey = Effect.map(
  newKey,
  ({ privateKey, publicKey }): SigningKey => ({
    privateKey: pemOf(privateKey),
    publicKey: publicKey.export({ type: "spki", format: "pem" }).toString()
  })
)

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
