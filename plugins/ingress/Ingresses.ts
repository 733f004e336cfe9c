/**
 * What Ingresses ask for, as routes. Pure. The same host in several Ingresses is one; of the same path the oldest Ingress has it.
 * Source: "Ingress" of Kubernetes' documentation, KEP-1453.
 */
import type { Key } from "../../kernel/resource/Kind.ts"
import type { Secret } from "../resources/contracts/core/v1.ts"
import type { HTTPIngressPath, Ingress, IngressBackend } from "../resources/contracts/networking/v1.ts"
import { type Services, targets } from "./Backends.ts"
import { certificateOf } from "./contracts/Certificates.ts"
import type { Certificate, Forward, Listener, Rule, Server } from "./contracts/IngressProxy.ts"

export interface World extends Services {
  readonly secret: (key: Key) => Secret | undefined
}

export interface Ports {
  readonly http: number
  readonly https: number
}

/** What is amiss with one of them, for its Events. */
export interface Problem {
  readonly ingress: Ingress
  readonly reason: string
  readonly message: string
}

export interface Translated {
  readonly listeners: ReadonlyArray<Listener>
  readonly certificates: ReadonlyArray<Certificate>
  readonly problems: ReadonlyArray<Problem>
}

/** The certificate of hosts that have none. */
export const standard = "default"
const unchanged = { set: [], add: [], remove: [] }

const backendOf = (world: World, namespace: string, { service }: IngressBackend): Forward => {
  const key = { namespace, name: service?.name ?? "" }
  const { name, number } = service?.port ?? {}
  return {
    type: "Forward",
    backends: [
      {
        name: `${key.namespace}/${key.name}:${name ?? number ?? ""}`,
        weight: 1,
        targets: targets(world, key, { name, number }) ?? [],
        otherwise: 503
      }
    ],
    requestHeaders: unchanged,
    responseHeaders: unchanged
  }
}

interface Placed {
  readonly host: string
  readonly rule: Rule
  /** Of an Ingress' default backend: after all that have a path. */
  readonly isDefault: boolean
}

const placed = (world: World, { metadata, spec }: Ingress): ReadonlyArray<Placed> => {
  const namespace = metadata.namespace ?? ""
  const at = (host: string, { backend, path = "/", pathType }: HTTPIngressPath): Placed => ({
    host,
    isDefault: false,
    rule: {
      match: { path: { type: pathType === "Exact" ? "Exact" : "Prefix", value: path || "/" }, headers: [], query: [] },
      action: backendOf(world, namespace, backend)
    }
  })
  const rules = spec.rules ?? []
  const own = rules.flatMap(({ host = "", http }) => (http?.paths ?? []).map((path) => at(host, path)))
  const { defaultBackend } = spec
  if (defaultBackend === undefined) return own
  const everything = { backend: defaultBackend, path: "/", pathType: "Prefix" }
  const hosts = new Set(["", ...rules.map(({ host = "" }) => host)])
  return [...own, ...[...hosts].map((host) => ({ ...at(host, everything), isDefault: true }))]
}

const lengthOf = (path: string) => path.replace(/\/+$/, "").length

/** Exact before prefix, long before short; else in the order that they came in. */
const precedence = (one: Placed, other: Placed) => {
  const [a, b] = [one.rule.match.path, other.rule.match.path]
  if (one.isDefault !== other.isDefault) return one.isDefault ? 1 : -1
  if (a.type !== b.type) return a.type === "Exact" ? -1 : 1
  return lengthOf(b.value) - lengthOf(a.value)
}

const age = ({ metadata: { creationTimestamp = "", name, namespace = "" } }: Ingress) =>
  `${creationTimestamp} ${namespace}/${name}`

/** Whether a name, which may begin with an asterisk for one label, stands for a host. */
const standsFor = (name: string, host: string) =>
  name === host || (name.startsWith("*.") && host.includes(".") && host.slice(host.indexOf(".")) === name.slice(1))

const shown = (world: World, ingresses: ReadonlyArray<Ingress>) => {
  const byHost = new Map<string, string>()
  const certificates = new Map<string, Certificate>()
  const problems: Array<Problem> = []
  for (const ingress of ingresses) {
    for (const { hosts = [], secretName = "" } of ingress.spec.tls ?? []) {
      if (secretName === "") continue
      const key = { namespace: ingress.metadata.namespace ?? "", name: secretName }
      const found = certificateOf(world.secret(key), key)
      if (typeof found === "string") {
        problems.push({ ingress, reason: "TLSSecretUnusable", message: `${found}; the default certificate is shown` })
        continue
      }
      certificates.set(found.name, found)
      const all = hosts.length > 0 ? hosts : (ingress.spec.rules ?? []).map(({ host = "" }) => host)
      for (const host of all) if (!byHost.has(host)) byHost.set(host, found.name)
    }
  }
  const of = (host: string) => byHost.get(host) ?? [...byHost].find(([name]) => standsFor(name, host))?.[1] ?? standard
  return { of, certificates: [...certificates.values()], problems }
}

/** `fallback` is shown to who asks for a host without a certificate. */
export const translate = (world: World, given: ReadonlyArray<Ingress>, ports: Ports, fallback: Certificate): Translated => {
  if (given.length === 0) return { listeners: [], certificates: [], problems: [] }
  const ingresses = given.toSorted((one, other) => (age(one) < age(other) ? -1 : 1))
  const all = ingresses.flatMap((ingress) => placed(world, ingress)).toSorted(precedence)
  const tls = shown(world, ingresses)
  const hosts = [...new Set(["", ...all.map(({ host }) => host)])].toSorted()
  const servers = (certificate: (host: string) => string): ReadonlyArray<Server> =>
    hosts.map((host) => ({
      host,
      labels: "one",
      certificate: certificate(host),
      rules: all.filter((one) => one.host === host).map(({ rule }) => rule)
    }))
  return {
    listeners: [
      { port: ports.http, protocol: "HTTP", servers: servers(() => "") },
      { port: ports.https, protocol: "HTTPS", servers: servers(tls.of) }
    ],
    certificates: [fallback, ...tls.certificates],
    problems: tls.problems
  }
}
