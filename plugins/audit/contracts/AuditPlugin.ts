/** How an author writes an audit sink: the same value in every isolate. */
import { Effect, Layer } from "effect"
import type { WireObject } from "../../../kernel/client/Api.ts"
import type { Client } from "../../../kernel/client/Client.ts"
import * as Plugin from "../../../kernel/plugin/Plugin.ts"
import { AuditPoints } from "./AuditPoints.ts"
import type { Policy } from "./Policy.ts"

export type { Policy } from "./Policy.ts"

export interface Audit<R = never> {
  readonly name: string
  /** Where the server has none. */
  readonly policy?: Policy
  /** What dies here comes again. */
  readonly write: (events: ReadonlyArray<WireObject>) => Effect.Effect<void, never, R>
}

export const make = ({ name, policy, write }: Audit<Client>): Plugin.Plugin<AuditPoints, Client> =>
  Plugin.make({
    name,
    offers: [AuditPoints],
    layer: Layer.effect(
      AuditPoints,
      Effect.map(Effect.context<Client>(), (context) =>
        AuditPoints.of({
          describe: () => Effect.succeed({ name, ...(policy !== undefined && { policy }) }),
          write: ({ events }) => Effect.provideContext(write(events), context)
        })
      )
    )
  })
