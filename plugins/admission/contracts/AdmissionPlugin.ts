/** How an author writes an admission plugin: the same value in every isolate. */
import { Effect, Layer } from "effect"
import type { WireObject } from "../../../kernel/client/Api.ts"
import type { Client } from "../../../kernel/client/Client.ts"
import * as Plugin from "../../../kernel/plugin/Plugin.ts"
import { AdmissionPoints, Refused, type Request, type Rule } from "./AdmissionPoints.ts"

export type { Request, Rule } from "./AdmissionPoints.ts"

/** What a point has to say besides: the changed object, words of warning. Nothing: all is well as it is. */
export interface Said {
  readonly object?: WireObject
  readonly warnings?: ReadonlyArray<string>
}

export interface Admission<R = never> {
  readonly name: string
  /** The writes it is asked about. */
  readonly rules: ReadonlyArray<Rule>
  readonly mutate?: (request: Request) => Effect.Effect<Said | void, Refused, R>
  readonly validate?: (request: Request) => Effect.Effect<Pick<Said, "warnings"> | void, Refused, R>
}

/** Refuses: `pods "web" is forbidden: MESSAGE` is what whoever asked is told. */
export const refuse = (message: string) => Effect.fail(new Refused({ message }))

export const make = ({ mutate, name, rules, validate }: Admission<Client>): Plugin.Plugin<AdmissionPoints, Client> =>
  Plugin.make({
    name,
    offers: [AdmissionPoints],
    layer: Layer.effect(
      AdmissionPoints,
      Effect.gen(function* () {
        const context = yield* Effect.context<Client>()
        const said =
          <A extends Said>(point: ((request: Request) => Effect.Effect<A | void, Refused, Client>) | undefined) =>
          (request: Request) =>
            point === undefined
              ? Effect.succeed({})
              : Effect.map(Effect.provideContext(point(request), context), (answer) => answer ?? {})
        const points = [...(mutate ? (["mutate"] as const) : []), ...(validate ? (["validate"] as const) : [])]
        return AdmissionPoints.of({
          describe: () => Effect.succeed({ name, rules, points }),
          mutate: said(mutate),
          validate: said(validate)
        })
      })
    )
  })
