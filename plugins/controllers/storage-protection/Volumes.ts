/** Volumes that are bound are not removed before their claim is gone. Source: "Storage Object in Use Protection". */
import { Effect } from "effect"
import { Client } from "../../../kernel/client/Client.ts"
import { PersistentVolume } from "../../resources/contracts/core/v1.ts"
import * as Protection from "../../resources/contracts/StorageProtection.ts"
import * as Controllers from "../contracts/Controllers.ts"
import * as Release from "./Release.ts"

const isBound = ({ status }: PersistentVolume) => status?.phase === "Bound"

const start = Effect.gen(function* () {
  const client = yield* Client
  const cache = yield* client.cache(PersistentVolume, { indexes: {} })
  const reconcile = yield* Release.make({
    kind: PersistentVolume,
    finalizer: Protection.volume,
    cache,
    isUsed: isBound,
    // Whether it is bound stands in itself, and the write is refused if that is no longer so.
    isReallyUsed: () => Effect.succeed(false)
  })
  yield* Controllers.run({ name: "pv_protection", triggers: [Controllers.each(cache)], reconcile })
})

export const plugin = Controllers.plugin("pv-protection", start)
