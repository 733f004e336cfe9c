/**
 * Servers that answer for a group and version instead of this one: a registry in which aggregation says which there are, how they
 * are reached, and what they serve. The door passes requests on to them, and tells clients of them as of its own kinds.
 */
import { Context, Effect, Layer, Schema } from "effect"
import type { Agent } from "node:https"

/** Why a request cannot be passed on. */
export class Unreachable extends Schema.TaggedError<Unreachable>()("Unreachable", { detail: Schema.String }) {}

/** Where to connect to. The agent has the certificates, both ways. */
export interface Reached {
  readonly host: string
  readonly port: number
  /** What its certificate has to be for. */
  readonly servername: string
  readonly agent: Agent
}

/** A version of a group in a document of discovery, in the form of apidiscovery.k8s.io/v2. */
export interface Discovered {
  readonly version: string
  readonly resources: ReadonlyArray<Schema.JsonObject>
}

export interface Backend {
  readonly group: string
  readonly version: string
  /** By its last check: if it is not, nobody is led there. */
  readonly isAvailable: boolean
  readonly reach: Effect.Effect<Reached, Unreachable>
  /** Nothing: it has never said. */
  readonly discovered: Discovered | undefined
  /** Of its document of OpenAPI v3, with a hash of its content. */
  readonly openApi: string | undefined
}

/** Which group comes first where a word may mean several, and which version within it: higher ones. */
export interface Priority {
  readonly group: string
  readonly version: string
  readonly groupPriority: number
  readonly versionPriority: number
}

export interface Aggregated {
  readonly backends: ReadonlyArray<Backend>
  readonly priorities: ReadonlyArray<Priority>
}

const nothing: Aggregated = { backends: [], priorities: [] }

export class Backends extends Context.Service<
  Backends,
  {
    readonly find: (group: string, version: string) => Backend | undefined
    readonly now: () => Aggregated
    /** Grows with every change, for documents that are made of it. */
    readonly generation: () => number
    readonly replace: (all: Aggregated) => Effect.Effect<void>
  }
>()("apiserver/Backends") {
  static readonly layer = Layer.sync(Backends, () => {
    let now = nothing
    let generation = 0
    let byGroup = new Map<string, ReadonlyArray<Backend>>()
    return Backends.of({
      find: (group, version) => byGroup.get(group)?.find((one) => one.version === version),
      now: () => now,
      generation: () => generation,
      replace: (all) =>
        Effect.sync(() => {
          now = all
          byGroup = Map.groupBy(all.backends, ({ group }) => group)
          generation++
        })
    })
  })
}
