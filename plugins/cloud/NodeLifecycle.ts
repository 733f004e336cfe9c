/**
 * Deletes nodes whose instance the cloud does not have any more, and taints those whose instance is stopped. Only nodes that are
 * not ready are asked for. Source: upstream's cloud-node-lifecycle-controller.
 */
import { type Duration, Effect, Layer } from "effect"
import { Client } from "../../kernel/client/Client.ts"
import * as Plugin from "../../kernel/plugin/Plugin.ts"
import { type Key, keyOf } from "../../kernel/resource/Kind.ts"
import * as Controllers from "../controllers/contracts/Controllers.ts"
import { Node } from "../resources/contracts/core/v1.ts"
import * as EventRecorder from "../resources/contracts/EventRecorder.ts"
import { Instances } from "./contracts/Instances.ts"
import { nodeReference } from "./Reference.ts"

const shutdown = { key: "node.cloudprovider.kubernetes.io/shutdown", effect: "NoSchedule" }

const isReady = ({ status }: Node) =>
  (status.conditions ?? []).some(({ status, type }) => type === "Ready" && status === "True")
const withoutShutdown = ({ spec }: Node) => (spec.taints ?? []).filter(({ key }) => key !== shutdown.key)
const isShutdown = ({ spec }: Node) => (spec.taints ?? []).some(({ key }) => key === shutdown.key)

/** `period`: how often nodes that are not ready are asked for. */
const start = Effect.fnUntraced(function* (period: Duration.Input) {
  const client = yield* Client
  const instances = yield* Instances
  const record = yield* EventRecorder.make({ component: "cloud-node-lifecycle-controller" })
  const nodes = yield* client.cache(Node, { indexes: {} })

  const taint = (node: Node, isOff: boolean) => {
    if (isOff === isShutdown(node)) return Effect.void
    const taints = isOff ? [...withoutShutdown(node), shutdown] : withoutShutdown(node)
    return Effect.asVoid(client.update(Node, { ...node, spec: { ...node.spec, taints } }))
  }
  const remove = Effect.fnUntraced(function* (node: Node) {
    const { name, uid } = node.metadata
    const tell = (type: "Normal" | "Warning", reason: string, message: string) =>
      record({ kind: Node, object: node, type, reason, message })
    yield* tell("Normal", "DeletingNode", `Deleting node ${name} because it does not exist in the cloud provider`)
    yield* client
      .delete(Node, keyOf(node), { uid })
      .pipe(
        Effect.tapError(({ message }) => tell("Warning", "DeletingNodeFailed", `Failed deleting node ${name}: ${message}`))
      )
  })

  const reconcile = Effect.fn("CloudNodeLifecycle.reconcile")(function* (key: Key) {
    const node = nodes.get(key)
    if (node === undefined) return
    if (isReady(node)) return yield* taint(node, false)
    yield* instances.find({ node: nodeReference(node) }).pipe(
      Effect.matchEffect({
        onSuccess: (instance) => taint(node, instance.shutdown),
        onFailure: (error) =>
          error._tag === "InstanceNotFound"
            ? remove(node)
            : Effect.logWarning(`whether node ${key.name} exists in the cloud is not known`, error)
      })
    )
  })
  const unready = () =>
    nodes
      .all()
      .filter((node) => !isReady(node) || isShutdown(node))
      .map(keyOf)
  yield* Controllers.run({ name: "cloud_node_lifecycle", triggers: [Controllers.every(period, unready)], reconcile })
})

export const patient = (period: Duration.Input) =>
  Plugin.make({ name: "cloud-node-lifecycle", needs: [Instances], layer: Layer.effectDiscard(start(period)) })

export const plugin = patient("5 seconds")
