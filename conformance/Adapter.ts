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
  "network-configuration": "What writes the network's configuration for runtimes that call CNI",
  "network-attachment": "What attaches Pods to the network",
  "service-proxy": "What brings Services to the kernel of a node",
  "cluster-dns": "The server of the cluster's names",
  "ingress-proxy": "What lets HTTP into the cluster at a node",
  cloud: "A cloud: its instances, zones, load balancers and routes"
} as const
export type Name = keyof typeof contracts

export const Outcome = Schema.Literals(["holds", "broken", "deviates", "repaired", "lacking"])
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
  readonly kits: { readonly [_ in Name]?: (site: Site) => Effect.Effect<void, unknown, Told> }
}

export interface Options<Law extends string> extends Suite.Options<Law> {
  /** Laws that this machine or this set-up cannot show, and why. */
  readonly lacking?: { readonly [_ in Law]?: string }
}

/** The deepest words of a failure first; where it happened stands behind. */
const words = (cause: Cause.Cause<unknown>) => Cause.pretty(cause).trim()

/** Checks every law of a contract, and tells of each. */
export const checked = <Self, S, Law extends string, Needs>(
  suite: Suite.Suite<Self, S, Law, Needs>,
  { deviations = {}, lacking = {} }: Options<Law> = {}
): Effect.Effect<void, never, Needs | Told> =>
  Effect.forEach(
    Suite.laws(suite),
    (law) =>
      Effect.gen(function* () {
        const tell = yield* Told
        const about = { contract: suite.contract.key, law, text: suite.contract.laws[law] }
        const lack = lacking[law]
        if (lack !== undefined) return yield* tell({ ...about, outcome: "lacking", detail: lack, seconds: 0 })
        const began = yield* Clock.currentTimeMillis
        const exit = yield* Effect.exit(suite.checks[law].holds)
        const seconds = ((yield* Clock.currentTimeMillis) - began) / 1000
        const deviation = deviations[law]
        const [good, bad, detail] =
          deviation === undefined
            ? (["holds", "broken", Exit.isSuccess(exit) ? "" : words(exit.cause)] as const)
            : (["repaired", "deviates", deviation] as const)
        return yield* tell({ ...about, outcome: Exit.isSuccess(exit) ? good : bad, detail, seconds })
      }),
    { discard: true }
  )

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
