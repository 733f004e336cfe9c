/** Keeps as many Pods of a ReplicaSet as it wants. */
import * as Selector from "../../../kernel/resource/Selector.ts"
import { ReplicaSet } from "../../resources/contracts/apps/v1.ts"
import * as Controllers from "../contracts/Controllers.ts"
import * as Replicas from "./Replicas.ts"

export const plugin = Controllers.plugin(
  "replicaset",
  Replicas.start({
    name: "replicaset",
    component: "replicaset-controller",
    kind: ReplicaSet,
    selects: ({ spec }) => Selector.matcher(spec.selector),
    countsTerminating: true
  })
)
