/** How an author brings kinds: by Effect's schemas, columns, and what else has to be so. The same value in every isolate. */
import { Effect, Layer, Schema } from "effect"
import type { WireObject } from "../../../kernel/client/Api.ts"
import type { Client } from "../../../kernel/client/Client.ts"
import * as Plugin from "../../../kernel/plugin/Plugin.ts"
import { KindPoints, type Mistake } from "./KindPoints.ts"
import * as Structural from "./Structural.ts"

export type { Mistake } from "./KindPoints.ts"

export interface Column {
  readonly name: string
  readonly type: "string" | "integer" | "number" | "boolean" | "date"
  /** Such as `.spec.schedule`. */
  readonly jsonPath: string
}

export interface Kind<A, S, R> {
  readonly group: string
  readonly version: string
  readonly kind: string
  readonly plural: string
  readonly shortNames?: ReadonlyArray<string>
  readonly scope: "Namespaced" | "Cluster"
  readonly spec: Schema.Codec<A, unknown>
  /** With one it has the subresource `status`. */
  readonly status?: Schema.Codec<S, unknown>
  readonly columns?: ReadonlyArray<Column>
  /** What is wrong with a spec that its schema allows. */
  readonly validate?: (spec: A, object: WireObject) => Effect.Effect<ReadonlyArray<Mistake>, never, R>
}

/** A kind among others: its spec is decoded when it is asked about it. */
interface Brought<R> {
  readonly group: string
  readonly plural: string
  readonly definition: WireObject
  readonly validate: (object: WireObject) => Effect.Effect<ReadonlyArray<Mistake>, never, R>
}

export const kind = <A, S = never, R = never>(about: Kind<A, S, R>): Brought<R> => {
  const { columns = [], group, plural, scope, shortNames = [], spec, status, validate, version } = about
  const decode = Schema.decodeUnknownOption(spec)
  const properties = {
    spec: Structural.of(spec),
    ...(status !== undefined && { status: Structural.of(status) })
  }
  return {
    group,
    plural,
    definition: {
      apiVersion: "apiextensions.k8s.io/v1",
      kind: "CustomResourceDefinition",
      metadata: { name: `${plural}.${group}` },
      spec: {
        group,
        scope,
        names: { kind: about.kind, plural, singular: about.kind.toLowerCase(), shortNames: [...shortNames] },
        versions: [
          {
            name: version,
            served: true,
            storage: true,
            schema: { openAPIV3Schema: { type: "object", properties, required: ["spec"] } },
            ...(status !== undefined && { subresources: { status: {} } }),
            additionalPrinterColumns: columns.map((column) => ({ ...column }))
          }
        ]
      }
    },
    validate: (object) => {
      const found = decode(object["spec"])
      // What its schema does not allow has been refused already.
      return validate === undefined || found._tag === "None" ? Effect.succeed([]) : validate(found.value, object)
    }
  }
}

export const make = ({
  kinds,
  name
}: {
  readonly name: string
  readonly kinds: ReadonlyArray<Brought<Client>>
}): Plugin.Plugin<KindPoints, Client> =>
  Plugin.make({
    name,
    offers: [KindPoints],
    layer: Layer.effect(
      KindPoints,
      Effect.map(Effect.context<Client>(), (context) =>
        KindPoints.of({
          describe: () => Effect.succeed({ name, definitions: kinds.map(({ definition }) => definition) }),
          validate: ({ group, object, resource }) => {
            const found = kinds.find((one) => one.group === group && one.plural === resource)
            if (found === undefined) return Effect.succeed({ mistakes: [] })
            return Effect.map(Effect.provideContext(found.validate(object), context), (mistakes) => ({ mistakes }))
          }
        })
      )
    )
  })
