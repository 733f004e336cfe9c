/** What a check of an ingress proxy works with: backends, ports that are free, and routes that are soon written. */
import { Effect, type Scope } from "effect"
import { freePort } from "../../kernel/FreePort.ts"
import * as Pki from "../../plugins/certificates/contracts/Pki.ts"
import {
  type Certificate,
  type Configuration,
  type Forward,
  IngressProxy,
  type Listener,
  type Match,
  type Rule,
  type Server
} from "../../plugins/ingress/contracts/IngressProxy.ts"
import * as Suite from "../Suite.ts"
import * as Backend from "./Backend.ts"

type Service = IngressProxy["Service"]

export const unchanged = { set: [], add: [], remove: [] }
export const target = (port: number) => ({ address: "127.0.0.1", port })
export const backend = (port: number, weight = 1) => ({
  name: `laws/${port}`,
  weight,
  targets: [target(port)],
  otherwise: 503
})

export const forward = (port: number, about: Partial<Forward> = {}): Forward => ({
  type: "Forward",
  backends: [backend(port)],
  requestHeaders: unchanged,
  responseHeaders: unchanged,
  ...about
})
export const prefix = (value: string, action: Rule["action"], about: Partial<Match> = {}): Rule => ({
  match: { path: { type: "Prefix", value }, headers: [], query: [], ...about },
  action
})
export const exact = (value: string, action: Rule["action"]): Rule =>
  prefix(value, action, { path: { type: "Exact", value } })
export const server = (host: string, ...rules: ReadonlyArray<Rule>): Server => ({
  ...{ host, labels: "any", certificate: "", rules }
})
export const http = (port: number, ...servers: ReadonlyArray<Server>): Listener => ({ port, protocol: "HTTP", servers })

export const routes = (
  listeners: ReadonlyArray<Listener>,
  certificates: ReadonlyArray<Certificate> = []
): Configuration => ({
  listeners,
  certificates
})

/** A certificate that nobody else has. */
export const certificate = Effect.fnUntraced(function* (name: string, commonName: string) {
  const own = yield* Pki.authority("laws")
  const { cert, key } = yield* Pki.issue(own, { commonName, hosts: ["localhost"], usages: ["server"] })
  return { name, chain: cert, key }
})

const make = Effect.gen(function* () {
  const proxy = yield* IngressProxy
  const [a, b] = [yield* Backend.serve("a"), yield* Backend.serve("b")]
  const port = yield* freePort
  /** The servers of one port that speaks HTTP, and nothing else. */
  const serve = (...servers: ReadonlyArray<Server>) => proxy.sync(routes([http(port, ...servers)]))
  return { proxy, a, b, port, serve, toA: forward(a.port), toB: forward(b.port) }
})
export type Use = Effect.Success<typeof make>

export const check = (
  holds: (use: Use) => Generator<Effect.Effect<unknown, unknown, Scope.Scope>, void, never>,
  saboteur: (honest: Service) => Partial<Service>
) => ({
  holds: Effect.scoped(
    Effect.gen(function* () {
      const use = yield* make
      yield* Effect.addFinalizer(() => Effect.orDie(use.proxy.sync(routes([]))))
      yield* Suite.inTime(Effect.gen(() => holds(use)))
    })
  ),
  saboteur
})

/** A proxy that is given something else than it was told. */
export const given =
  (change: (configuration: Configuration) => Configuration) =>
  (honest: Service): Partial<Service> => ({ sync: (configuration) => honest.sync(change(configuration)) })

export const servers = (change: (server: Server) => Server) =>
  given(({ certificates, listeners }) => ({
    certificates,
    listeners: listeners.map((one) => ({ ...one, servers: one.servers.map(change) }))
  }))
export const rules = (change: (rule: Rule) => Rule) => servers((one) => ({ ...one, rules: one.rules.map(change) }))
export const matches = (change: (match: Match) => Partial<Match>) =>
  rules((one) => ({ ...one, match: { ...one.match, ...change(one.match) } }))
export const forwards = (change: (forward: Forward) => Forward) =>
  rules((one) => (one.action.type === "Forward" ? { ...one, action: change(one.action) } : one))
