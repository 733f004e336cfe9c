/**
 * Who asks: by client certificate (decided once for each TLS session), by bearer token, or nobody in particular; and on whose
 * behalf. Source: "Authenticating", "User impersonation".
 */
import { Effect, Result } from "effect"
import { X509Certificate } from "node:crypto"
import type { DetailedPeerCertificate, TLSSocket } from "node:tls"
import { BadRequest, Unauthorized } from "../../kernel/client/Errors.ts"
import type { User } from "../../kernel/pipeline/Attributes.ts"
import { authorize } from "../../kernel/pipeline/Authorize.ts"
import type { Authenticators, Authorizers, Credentials } from "../../kernel/pipeline/Policy.ts"
import * as RequestHeader from "./contracts/RequestHeader.ts"
import { header, type Incoming } from "./Exchange.ts"

export const anonymous: User = { name: "system:anonymous", groups: ["system:unauthenticated"] }
const authenticated = "system:authenticated"
const serviceAccount = /^system:serviceaccount:([^:]+):([^:]+)$/

/**
 * What stands behind a connection: `Untrusted` showed a certificate that the client authority has not issued, `Proxy` one that lets
 * it speak for others.
 */
type Shown = Credentials["certificate"] | "Untrusted" | "Proxy"

/** Node's older form of a subject has a list where a field occurs twice. */
const listed = (value: string | ReadonlyArray<string> | undefined) =>
  value === undefined ? [] : typeof value === "string" ? [value] : value

/** Whether the authority of proxies has issued it, which stands for nothing else. */
const isOfProxies = (authority: X509Certificate | undefined, raw: Buffer | undefined) => {
  if (authority === undefined || raw === undefined) return false
  const certificate = new X509Certificate(raw)
  return certificate.issuer === authority.subject && certificate.verify(authority.publicKey)
}

const shownBy = (socket: TLSSocket, proxies: Proxies): Shown => {
  const certificate: Partial<DetailedPeerCertificate> = socket.getPeerCertificate(true)
  if (certificate.subject === undefined) return undefined
  if (!socket.authorized) return "Untrusted"
  const { CN, O } = certificate.subject
  if (isOfProxies(proxies.authority, certificate.raw)) {
    const isNamed = proxies.names.length === 0 || listed(CN).some((name) => proxies.names.includes(name))
    return isNamed ? "Proxy" : "Untrusted"
  }
  const fingerprint = certificate.fingerprint256?.replaceAll(":", "").toLowerCase()
  return {
    commonName: listed(CN)[0] ?? "",
    organizations: listed(O),
    ...(fingerprint !== undefined && { fingerprint })
  }
}

interface Proxies {
  readonly authority: X509Certificate | undefined
  readonly names: ReadonlyArray<string>
}
const proxiesOf = (given: RequestHeader.RequestHeader | undefined): Proxies =>
  given === undefined
    ? { authority: undefined, names: [] }
    : { authority: new X509Certificate(given.ca), names: given.names }

const bearer = /^bearer +(\S+)$/i

export interface Door {
  readonly authenticators: Authenticators["Service"]
  readonly authorizers: Authorizers["Service"]
}

const grouped = (user: User): User =>
  user.name === anonymous.name || user.groups.includes(authenticated)
    ? user
    : { ...user, groups: [...user.groups, authenticated] }

const unauthorized = new Unauthorized({ detail: "Unauthorized" })

/** The first authenticator that knows the credentials. One that calls them wrong does not keep the next from trying. */
const authenticate = Effect.fnUntraced(function* ({ authenticators }: Door, credentials: Credentials) {
  for (const { use } of authenticators.all()) {
    const user = yield* use(credentials).pipe(Effect.catchTag("Unauthorized", () => Effect.undefined))
    if (user !== undefined) return grouped(user)
  }
  return undefined
})

/** `requestHeader`: from whom headers count that say who asks. */
export const make = (door: Door, requestHeader?: RequestHeader.RequestHeader) => {
  const proxies = proxiesOf(requestHeader)
  const shown = new WeakMap<TLSSocket, Shown>()
  const known = new WeakMap<TLSSocket, User>()
  const certificateOf = (socket: TLSSocket): Shown => {
    if (!shown.has(socket)) shown.set(socket, shownBy(socket, proxies))
    return shown.get(socket)
  }

  const prove = Effect.fnUntraced(function* (incoming: Incoming, socket: TLSSocket) {
    const token = bearer.exec(header(incoming, "authorization") ?? "")?.[1]
    const certificate = certificateOf(socket)
    if (certificate === "Proxy") {
      const user = RequestHeader.decode(incoming.headers)
      if (user !== undefined) return grouped(user)
    } else if (certificate !== undefined && certificate !== "Untrusted") {
      const user = yield* authenticate(door, { certificate })
      if (user !== undefined) {
        known.set(socket, user)
        return user
      }
    }
    if (token !== undefined) {
      const user = yield* authenticate(door, { token })
      if (user !== undefined) return user
    }
    if (token !== undefined || certificate !== undefined) return yield* unauthorized
    return anonymous
  })

  /** The user behind the request itself. */
  const caller = (incoming: Incoming, socket: TLSSocket) => {
    const user = known.get(socket)
    if (user !== undefined) return Effect.succeed(user)
    return prove(incoming, socket)
  }

  return {
    caller,
    /** As whom he acts, if not as himself. */
    acting: (incoming: Incoming, user: User) =>
      incoming.headers["impersonate-user"] === undefined && !impersonates(incoming)
        ? Effect.succeed(user)
        : impersonate(door, incoming, user)
  }
}

const extraPrefix = "impersonate-extra-"
const impersonates = ({ headers }: Incoming) => {
  for (const name in headers) if (name.startsWith("impersonate-")) return true
  return false
}

/** What has to be allowed, each by itself, to become somebody else. */
const wanted = ({ extra = {}, groups, name, uid }: User) => {
  const account = serviceAccount.exec(name)
  return [
    account === null
      ? { group: "", resource: "users", namespace: "", name }
      : { group: "", resource: "serviceaccounts", namespace: account[1] ?? "", name: account[2] ?? "" },
    ...groups.map((group) => ({ group: "", resource: "groups", namespace: "", name: group })),
    ...(uid === undefined ? [] : [{ group: "authentication.k8s.io", resource: "uids", namespace: "", name: uid }]),
    ...Object.entries(extra).flatMap(([key, values]) =>
      values.map((value) => ({
        group: "authentication.k8s.io",
        resource: "userextras",
        subresource: key,
        namespace: "",
        name: value
      }))
    )
  ]
}

/** A key that is not escaped rightly is meant as it is. */
const unescaped = (key: string) =>
  Result.getOrElse(
    Result.try(() => decodeURIComponent(key)),
    () => key
  )

const asked = (incoming: Incoming): User | undefined => {
  const name = header(incoming, "impersonate-user")
  if (name === undefined || name === "") return undefined
  const uid = header(incoming, "impersonate-uid")
  const extra = Object.keys(incoming.headers).flatMap((key) => {
    if (!key.startsWith(extraPrefix)) return []
    const values = (header(incoming, key) ?? "").split(",").map((value) => value.trim())
    return [[unescaped(key.slice(extraPrefix.length)), values] as const]
  })
  const groups = (header(incoming, "impersonate-group") ?? "").split(",").flatMap((group) => group.trim() || [])
  return {
    name,
    groups,
    ...(uid !== undefined && { uid }),
    ...(extra.length > 0 && { extra: Object.fromEntries(extra) })
  }
}

/** Groups that come with a name and need not be asked for. */
const completed = (user: User): User => {
  const account = serviceAccount.exec(user.name)
  const groups =
    account !== null && user.groups.length === 0
      ? ["system:serviceaccounts", `system:serviceaccounts:${account[1]}`]
      : user.groups
  if (user.name === anonymous.name) return { ...user, groups: [...new Set([...groups, ...anonymous.groups])] }
  return grouped({ ...user, groups })
}

const impersonate = Effect.fnUntraced(function* (door: Door, incoming: Incoming, user: User) {
  const other = asked(incoming)
  if (other === undefined)
    return yield* new BadRequest({ detail: "requested impersonation without impersonating a user name" })
  for (const what of wanted(other)) {
    yield* authorize(door, { user, verb: "impersonate", version: "", subresource: "", ...what })
  }
  return completed(other)
})
