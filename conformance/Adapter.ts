/**
 * What a kit is run on: an adapter says what the machine lacks for it, and how it is started for each contract that it keeps. What a
 * check found is told one law at a time, because an adapter runs in a process, and mostly in a network namespace, of its own.
 */
import { Cause, Clock, Context, Effect, Exit, type Layer, Schema } from "effect"
import * as Suite from "./Suite.ts"

export const contracts = {
  log: "A store",
  api: "A Kubernetes API",
  "container-runtime": "What runs containers, with images, commands, logs, figures and events",
  images: "The images of a container runtime",
  exec: "Commands in containers that run, and their ports",
  logs: "What containers have printed",
  stats: "What containers use",
  events: "What a container runtime tells by itself",
  "image-credentials": "Who knows logins for images",
  "network-configuration": "What writes the network's configuration for runtimes that call CNI",
  "network-attachment": "What attaches Pods to the network",
  "service-proxy": "What brings Services to the kernel of a node",
  "node-devices": "Who has devices that containers can ask for",
  "cluster-dns": "The server of the cluster's names",
  "ingress-proxy": "What lets HTTP into the cluster at a node",
  volumes: "A driver of volumes",
  "admission-points": "What is asked about writes before they are stored",
  "audit-points": "A sink of the audit log",
  "authentication-points": "Who says whose a token is",
  "authorization-points": "Who says what a user may do",
  "kind-points": "Who brings kinds of objects",
  "route-points": "Who serves paths of the API",
  scheduler: "A scheduler",
  "scheduler-points": "What has a say where Pods are placed",
  reconciler: "A controller",
  "key-management": "What encrypts the keys of what is stored",
  "snapshot-storage": "Where snapshots of the store are kept",
  handover: "What a plugin hands to the one in its place",
  "container-service": "What runs whole Pods somewhere else, for virtual nodes",
  cloud: "A cloud: its instances, zones, load balancers and routes",
  instances: "Of a cloud: the machines of nodes",
  zones: "Of a cloud: where its machines are",
  "load-balancers": "Of a cloud: load balancers of Services",
  "ingress-balancers": "Of a cloud: load balancers of Ingresses, which know HTTP",
  routes: "Of a cloud: routes to the addresses of Pods"
} as const
export type Name = keyof typeof contracts

/** As a report is headed that is about it. */
export const titleOf = (name: string) => new Map<string, string>(Object.entries(contracts)).get(name) ?? name

/** `without`: it is optional, and not kept. */
export const Outcome = Schema.Literals(["holds", "broken", "deviates", "repaired", "without", "lacking"])
export type Outcome = typeof Outcome.Type

/** `detail`: why it is broken, deviates, or cannot be seen here. */
export const Result = Schema.Struct({
  contract: Schema.String,
  law: Schema.String,
  text: Schema.String,
  outcome: Outcome,
  detail: Schema.String,
  seconds: Schema.Finite
})
export type Result = typeof Result.Type

export class Told extends Context.Service<Told, (result: Result) => Effect.Effect<void>>()("conformance/Told") {}

/** What is going to be checked of a contract, told before the first law is. */
export const Plan = Schema.Struct({
  contract: Schema.String,
  version: Schema.String,
  laws: Schema.Array(Schema.Struct({ law: Schema.String, text: Schema.String, isOptional: Schema.Boolean }))
})
export type Plan = typeof Plan.Type
export const Planned = Context.Reference<(plan: Plan) => Effect.Effect<void>>("conformance/Planned", {
  defaultValue: () => () => Effect.void
})

const ofLaws = Schema.Record(Schema.String, Schema.Record(Schema.String, Schema.String))

/** How a run was asked for, whatever it is run on. */
export const Terms = Schema.Struct({
  /** `mandatory`: without the laws that are optional. */
  profile: Schema.Literals(["mandatory", "all"]),
  /** By contract and law: laws that are known to be broken, and why. */
  deviations: ofLaws,
  /** By contract: laws that were checked before, in the run that goes on with this one. */
  done: Schema.Record(Schema.String, Schema.Array(Schema.String))
})
export type Terms = typeof Terms.Type
export const Asked = Context.Reference<Terms>("conformance/Asked", {
  defaultValue: () => ({ profile: "all", deviations: {}, done: {} })
})

export interface Site {
  /** A folder of its own, which is empty and will be removed. */
  readonly directory: string
  /** What answers there is checked, and left as it was. */
  readonly endpoint?: string
  /** By what else a stranger's part is reached: `kubeconfig`, `domain` … */
  readonly given: { readonly [option: string]: string }
}

export interface Adapter {
  /** As it is asked for on the command line. */
  readonly name: string
  readonly title: string
  /** What the machine lacks for it; it is left out for no other reason. */
  readonly lacks: () => ReadonlyArray<string>
  /** Whether it changes the network it runs in: then it gets one of its own. */
  readonly isAlone: boolean
  /** The endpoints that it can be reached at, where somebody else runs it; `words` is for people. */
  readonly endpoint?: { readonly words: string; readonly pattern: RegExp }
  /** It is nothing without an endpoint, and left out where none is named. */
  readonly isElsewhere?: boolean
  /** It checks packages, and is left out where none is named. */
  readonly isPackage?: boolean
  readonly kits: { readonly [_ in Name]?: (site: Site) => Effect.Effect<void, unknown, Told> }
}

export interface Options<Law extends string> extends Suite.Options<Law> {
  /** Laws that this machine or this set-up cannot show, and why. */
  readonly lacking?: { readonly [_ in Law]?: string }
}

/** The deepest words of a failure first; where it happened stands behind. */
const words = (cause: Cause.Cause<unknown>) => Cause.pretty(cause).trim()

const check = Effect.fnUntraced(function* <Needs>(
  holds: Effect.Effect<void, unknown, Needs>,
  about: Pick<Result, "contract" | "law" | "text">,
  { deviation, isOptional, lack }: { deviation: string | undefined; isOptional: boolean; lack: string | undefined }
) {
  const tell = yield* Told
  if (lack !== undefined) return yield* tell({ ...about, outcome: "lacking", detail: lack, seconds: 0 })
  const began = yield* Clock.currentTimeMillis
  const exit = yield* Effect.exit(holds)
  // Nothing was seen of a law whose check was called off.
  if (Exit.isFailure(exit) && Cause.hasInterruptsOnly(exit.cause)) return yield* Effect.interrupt
  const seconds = ((yield* Clock.currentTimeMillis) - began) / 1000
  const [good, bad, detail] =
    deviation === undefined
      ? (["holds", isOptional ? "without" : "broken", Exit.isSuccess(exit) ? "" : words(exit.cause)] as const)
      : (["repaired", "deviates", deviation] as const)
  yield* tell({ ...about, outcome: Exit.isSuccess(exit) ? good : bad, detail, seconds })
})

/** Checks every law of a contract that was asked for, and tells of each. */
export const checked = <Self, S, Law extends string, Needs>(
  suite: Suite.Suite<Self, S, Law, Needs>,
  { deviations = {}, lacking = {} }: Options<Law> = {}
): Effect.Effect<void, never, Needs | Told> =>
  Effect.gen(function* () {
    const { deviations: known, done, profile } = yield* Asked
    const { key, laws, optional = [], version } = suite.contract
    const isOptional = (law: Law) => optional.includes(law)
    const all = Suite.laws(suite).filter((law) => profile === "all" || !isOptional(law))
    const plan = all.map((law) => ({ law, text: laws[law], isOptional: isOptional(law) }))
    yield* (yield* Planned)({ contract: key, version, laws: plan })
    for (const law of all.filter((law) => done[key]?.includes(law) !== true)) {
      const deviation = known[key]?.[law] ?? deviations[law]
      const about = { contract: key, law, text: laws[law] }
      yield* check(suite.checks[law].holds, about, { deviation, isOptional: isOptional(law), lack: lacking[law] })
    }
  })

/** Starts what is checked, checks it by each suite, and takes it back. */
export const kit = <R, E>(
  layer: Layer.Layer<R, E>,
  ...suites: ReadonlyArray<Effect.Effect<void, unknown, NoInfer<R> | Told>>
): Effect.Effect<void, unknown, Told> =>
  Effect.scoped(
    Effect.provide(
      Effect.forEach(suites, (suite) => suite, { discard: true }),
      layer
    )
  )
