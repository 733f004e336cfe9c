/** What is posted to a Pod and acts: its binding, and its eviction. */
import { Effect, Layer } from "effect"
import { Actions } from "../../../kernel/pipeline/Actions.ts"
import * as Plugin from "../../../kernel/plugin/Plugin.ts"
import * as Binding from "./Binding.ts"
import * as Eviction from "./Eviction.ts"

const layer = Layer.unwrap(
  Effect.map(Eviction.action, (eviction) => Layer.mergeAll(Layer.empty, ...[...Binding.actions, eviction].map(Actions.add)))
)

export const plugin = Plugin.make({ name: "pod-actions", layer })
