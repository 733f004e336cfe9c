/** Keeps as many Pods of a ReplicationController as it wants: the ReplicaSet's elder, whose selector is a map of labels. */
import * as Selector from "../../../kernel/resource/Selector.ts"
import { ReplicationController } from "../../resources/contracts/core/v1.ts"
import * as Controllers from "../contracts/Controllers.ts"
import * as Replicas from "./Replicas.ts"

export const plugin = Controllers.plugin(
  "replication-controller",
  Replicas.start({
    name: "replication-controller",
    component: "replication-controller",
    kind: ReplicationController,
    selects: ({ spec: { selector = {} } }) => Selector.matcher({ matchLabels: selector }),
    countsTerminating: false
  })
)
