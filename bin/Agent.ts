/** `keelson agent`: a node of the cluster on this machine. */
import { Effect, Layer } from "effect"
import * as Keys from "./Keys.ts"
import * as Machine from "./Machine.ts"
import * as Node from "./Node.ts"
import * as Paths from "./Paths.ts"
import type { Settings } from "./Settings.ts"
import * as Supervise from "./Supervise.ts"

/** Runs until it is interrupted, or its supervisor is gone. Pods outlive it unless `remove` says otherwise. */
export const run = Effect.fn("Agent.run")(function* (settings: Settings, remove: boolean) {
  const paths = Paths.make(settings.dataDir, settings.nodeName)
  yield* Machine.directory(paths.node)
  const keys = yield* Keys.open(settings, paths)
  const hollow = Machine.isHollow(settings)
  if (hollow)
    yield* Effect.logInfo(
      `this node is hollow, Pods live without containers: ${Machine.missing(settings).join(", ") || "--runtime hollow"}`
    )
  yield* Layer.build(Node.node({ settings, paths, keys, hollow, stop: remove ? "remove" : "keep" }))
  yield* Supervise.orphaned
  // The supervisor was killed, and this ends as if it had been killed too: Pods stay for whoever is started next.
  yield* Effect.sync(() => process.exit(1))
}, Effect.scoped)
