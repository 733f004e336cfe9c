/** Runs one Pod of a DaemonSet on each node where one belongs, and leads them from one template to the next. */
import { Clock, Effect } from "effect"
import { same } from "../../../kernel/resource/JsonEqual.ts"
import { Client } from "../../../kernel/client/Client.ts"
import { type Key, keyOf } from "../../../kernel/resource/Kind.ts"
import * as Selector from "../../../kernel/resource/Selector.ts"
import { ControllerRevision, DaemonSet } from "../../resources/contracts/apps/v1.ts"
import { Node, Pod } from "../../resources/contracts/core/v1.ts"
import * as EventRecorder from "../../resources/contracts/EventRecorder.ts"
import * as Controllers from "../contracts/Controllers.ts"
import * as Owned from "../contracts/Owned.ts"
import { isFinished, nextAvailable } from "../contracts/Pods.ts"
import * as Revisions from "../contracts/Revisions.ts"
import { isEnding, slowStart } from "../contracts/Writes.ts"
import { belongs, manage, newPod, nodeOf, type Plan, replaced, statusOf } from "./Placement.ts"
import * as Surge from "./Surge.ts"

const start = Effect.gen(function* () {
  const client = yield* Client
  const record = yield* EventRecorder.make({ component: "daemonset-controller" })
  const sets = yield* client.cache(DaemonSet, { indexes: Controllers.byNamespace })
  const pods = yield* client.cache(Pod, { indexes: Owned.byOwner })
  const nodes = yield* client.cache(Node, { indexes: {} })
  const revisions = yield* client.cache(ControllerRevision, { indexes: Owned.byOwner })

  const selects = (set: DaemonSet) => Selector.matcher(set.spec.selector)
  const tell = (object: DaemonSet, reason: string, message: string) =>
    record({ kind: DaemonSet, object, type: reason === "FailedDaemonPod" ? "Warning" : "Normal", reason, message })

  const create = (set: DaemonSet, node: string, hash: string) =>
    client.create(Pod, newPod(set, node, hash)).pipe(
      Effect.flatMap((pod) => tell(set, "SuccessfulCreate", `Created pod: ${pod.metadata.name}`)),
      Effect.catchIf(isEnding, () => Effect.void)
    )
  const remove = Effect.fnUntraced(function* (set: DaemonSet, pod: Pod) {
    const { name } = pod.metadata
    if (isFinished(pod)) {
      const message = `Found failed daemon pod ${keyOf(pod).namespace}/${name} on node ${nodeOf(pod)}, will try to kill it`
      yield* tell(set, "FailedDaemonPod", message)
    }
    yield* client.delete(Pod, keyOf(pod), { uid: pod.metadata.uid }).pipe(Effect.catchTag("NotFound", () => Effect.void))
    yield* tell(set, "SuccessfulDelete", `Deleted pod: ${name}`)
  })

  const byNode = (all: ReadonlyArray<Pod>) => {
    const found = new Map<string, Array<Pod>>()
    for (const pod of all) found.set(nodeOf(pod), [...(found.get(nodeOf(pod)) ?? []), pod])
    return found
  }

  const carryOut = Effect.fnUntraced(function* (set: DaemonSet, plan: Plan, hash: string) {
    yield* slowStart(plan.create.length, (index) => create(set, plan.create[index] ?? "", hash))
    yield* Effect.forEach(plan.remove, (pod) => remove(set, pod), { concurrency: 8, discard: true })
  })

  const act = Effect.fnUntraced(function* (set: DaemonSet, own: ReadonlyArray<Pod>, hash: string, now: number) {
    const all = nodes.all()
    const here = byNode(own)
    const plan = manage(set, all, here, hash, now)
    yield* carryOut(set, plan, hash)
    if (plan.create.length + plan.remove.length > 0) return
    const wanted = all.filter((node) => belongs(set, node).shouldRun).map(({ metadata }) => metadata.name)
    const isSurging = Surge.limit(set, wanted.length) > 0
    const next = isSurging
      ? Surge.rollout(set, wanted, here, hash, now)
      : { create: [], remove: replaced(set, wanted, here, hash, now) }
    yield* carryOut(set, next, hash)
  })

  const cleanUp = (set: DaemonSet, all: ReadonlyArray<ControllerRevision>, current: string, own: ReadonlyArray<Pod>) => {
    const inUse = new Set([current, ...own.map(Revisions.hashOf)])
    return Effect.forEach(
      Revisions.outdated(all, inUse, set.spec.revisionHistoryLimit),
      (revision) => Effect.ignore(client.delete(ControllerRevision, keyOf(revision), { uid: revision.metadata.uid })),
      { discard: true }
    )
  }

  const reconcile = Effect.fn("DaemonSet.reconcile")(function* (key: Key) {
    const set = sets.get(key)
    if (set === undefined) return Controllers.done
    const by = { kind: DaemonSet, owner: set, selects: selects(set) }
    const own = yield* Owned.claimAll(client, by, Pod, Owned.mine(pods, set))
    if (set.metadata.deletionTimestamp !== undefined) return Controllers.done
    const { template } = set.spec
    const history = { ...by, template, collisions: set.status.collisionCount ?? 0 }
    const { all, revision } = yield* Revisions.current(client, history, Owned.mine(revisions, set))
    const hash = Revisions.hashOf(revision)
    const now = yield* Clock.currentTimeMillis
    yield* act(set, own, hash, now)
    yield* cleanUp(set, all, hash, own)
    const after = pods.by("owner", set.metadata.uid)
    const status = statusOf(set, nodes.all(), byNode(after), hash, now)
    if (!same(status, set.status)) yield* client.update(DaemonSet, { ...set, status }, { subresource: "status" })
    const soon = nextAvailable(after, set.spec.minReadySeconds ?? 0, now)
    return soon === undefined ? Controllers.done : Controllers.again(soon)
  })

  const adopters = (pod: Pod) =>
    sets
      .by("namespace", keyOf(pod).namespace)
      .filter((set) => Owned.claim(set, selects(set), pod) === "adopt")
      .map(keyOf)
  /** Only what a node offers or refuses matters, but a heartbeat changes nothing and costs one look at each set. */
  const everySet = (_: Node) => sets.all().map(keyOf)
  const triggers = [
    Controllers.each(sets),
    Controllers.ownerOf(pods, DaemonSet),
    Controllers.ownerOf(revisions, DaemonSet),
    Controllers.on(pods, adopters),
    Controllers.on(nodes, everySet)
  ]
  yield* Controllers.run({ name: "daemonset", triggers, concurrency: 2, reconcile })
})

export const plugin = Controllers.plugin("daemonset", start)
