/** What a node says of itself to the Flannel network, in its own name: its annotations, and the condition that its network is up. */
import { Clock, Effect } from "effect"
import { Client } from "../../../kernel/client/Client.ts"
import { Node } from "../../../plugins/resources/contracts/core/v1.ts"
import { time } from "../../../plugins/resources/contracts/Time.ts"
import * as Annotations from "./Annotations.ts"

const gone = [{ $patch: "delete", type: Annotations.condition.type }]
const status = { subresource: "status" }

/** As flanneld, it writes by the subresource `status`: to read nodes and to patch `nodes/status` is all that it must be allowed. */
export const make = Effect.fnUntraced(function* (nodeName: string) {
  const client = yield* Client
  const key = { namespace: "", name: nodeName }

  return {
    /** Nothing is written that is there. */
    say: Effect.fn("flannel.say")(function* (own: Annotations.Own) {
      const node = yield* client.get(Node, key)
      const there = node.metadata.annotations ?? {}
      const annotations = Annotations.written(own, there)
      const last = node.status.conditions?.find(({ type }) => type === Annotations.condition.type)
      const isSaid = Object.entries(annotations).every(([name, value]) => there[name] === value)
      if (isSaid && last?.status === Annotations.condition.status) return
      const now = time(yield* Clock.currentTimeMillis)
      const conditions = [{ ...Annotations.condition, lastHeartbeatTime: now, lastTransitionTime: now }]
      yield* client.patch(Node, key, "strategic", { metadata: { annotations }, status: { conditions } }, status)
    }),

    /** Takes it back. Who cannot, does not wait for it. */
    withdraw: client
      .patch(
        Node,
        key,
        "strategic",
        { metadata: { annotations: Annotations.withdrawn }, status: { conditions: gone } },
        status
      )
      .pipe(Effect.timeout("3 seconds"), Effect.ignore, Effect.withSpan("flannel.withdraw"))
  }
})
