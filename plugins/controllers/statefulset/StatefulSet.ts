/** Keeps the Pods of a StatefulSet, each itself, with its claims. Every run reads the whole state. */
import { Clock, Effect, Predicate } from "effect"
import { same } from "../../../kernel/resource/JsonEqual.ts"
import { Client } from "../../../kernel/client/Client.ts"
import * as Status from "../../../kernel/client/Status.ts"
import { type Key, keyOf } from "../../../kernel/resource/Kind.ts"
import * as Selector from "../../../kernel/resource/Selector.ts"
import { ControllerRevision, StatefulSet } from "../../resources/contracts/apps/v1.ts"
import {
  PersistentVolumeClaim,
  type PersistentVolumeClaimDraft,
  Pod,
  type PodTemplateSpec
} from "../../resources/contracts/core/v1.ts"
import * as EventRecorder from "../../resources/contracts/EventRecorder.ts"
import * as Controllers from "../contracts/Controllers.ts"
import * as Owned from "../contracts/Owned.ts"
import { isFinished, isTerminating, nextAvailable } from "../contracts/Pods.ts"
import * as Revisions from "../contracts/Revisions.ts"
import { isEnding, patchMetadata, slowStart } from "../contracts/Writes.ts"
import * as Claims from "./Claims.ts"
import * as Identity from "./Identity.ts"
import * as Rollout from "./Rollout.ts"

/** What `Revisions.dataOf` has put into it, hence the cast. */
const templateOf = ({ data }: ControllerRevision): PodTemplateSpec | undefined => {
  const template = Predicate.hasProperty(data, "spec") && Predicate.hasProperty(data.spec, "template") && data.spec.template
  if (!Predicate.isObject(template)) return undefined
  const { $patch: _, ...rest } = { $patch: "", ...template }
  return rest as unknown as PodTemplateSpec
}

const start = Effect.gen(function* () {
  const client = yield* Client
  const record = yield* EventRecorder.make({ component: "statefulset-controller" })
  const sets = yield* client.cache(StatefulSet, { indexes: Controllers.byNamespace })
  const pods = yield* client.cache(Pod, { indexes: Owned.byOwner })
  const claims = yield* client.cache(PersistentVolumeClaim, { indexes: {} })
  const revisions = yield* client.cache(ControllerRevision, { indexes: Owned.byOwner })

  const selects = (set: StatefulSet) => Selector.matcher(set.spec.selector)
  const tell = (object: StatefulSet, reason: string, message: string) => {
    const type = reason.startsWith("Failed") || reason === "RecreatingFailedPod" ? "Warning" : "Normal"
    return record({ kind: StatefulSet, object, type, reason, message })
  }
  /** Says what was done to a Pod or claim of the set, or why it was not. */
  const told = (set: StatefulSet, verb: "Create" | "Update" | "Delete", what: string) => {
    const doing = `${verb.toLowerCase()} ${what} in StatefulSet ${set.metadata.name}`
    return <A, R>(write: Effect.Effect<A, Status.Failure, R>) =>
      write.pipe(
        Effect.tap(() => tell(set, `Successful${verb}`, `${doing} success${what.startsWith("Pod") ? "ful" : ""}`)),
        Effect.tapError((error) => {
          const isOrdinary = error._tag === "NotFound" || error._tag === "Conflict" || isEnding(error)
          return isOrdinary ? Effect.void : tell(set, `Failed${verb}`, `${doing} failed error: ${Status.messageOf(error)}`)
        })
      )
  }

  const claimsOf = (set: StatefulSet, ordinal: number) =>
    Claims.claimsOf(set, ordinal).map((draft) => {
      const { name = "", namespace = "" } = draft.metadata
      return { draft, name, claim: claims.get({ namespace, name }) }
    })
  const claim = (set: StatefulSet, ordinal: number, draft: PersistentVolumeClaimDraft) => {
    const what = `Claim ${draft.metadata.name} Pod ${Identity.podName(set, ordinal)}`
    return told(set, "Create", what)(client.create(PersistentVolumeClaim, draft))
  }
  const claimMissing = (set: StatefulSet, ordinal: number) =>
    Effect.forEach(
      claimsOf(set, ordinal).filter(({ claim }) => claim === undefined),
      ({ draft }) => claim(set, ordinal, draft),
      { discard: true }
    )

  /** First what it claims. A claim that is going, or goes with the Pod before it, has to be gone first: its end is another change. */
  const create = Effect.fnUntraced(
    function* (set: StatefulSet, ordinal: number, template: PodTemplateSpec, revision: string) {
      const name = Identity.podName(set, ordinal)
      const isGoing = (claim: PersistentVolumeClaim) =>
        claim.metadata.deletionTimestamp !== undefined || Claims.isStale(claim, name)
      if (claimsOf(set, ordinal).some(({ claim }) => claim !== undefined && isGoing(claim))) return
      yield* claimMissing(set, ordinal)
      yield* told(set, "Create", `Pod ${name}`)(client.create(Pod, Identity.newPod(set, ordinal, template, revision)))
    },
    Effect.catchIf(isEnding, () => Effect.void)
  )

  const remove = Effect.fnUntraced(function* (set: StatefulSet, pod: Pod) {
    const { name, namespace, uid } = pod.metadata
    if (isFinished(pod)) {
      const [reason, word] =
        pod.status.phase === "Failed" ? ["RecreatingFailedPod", "failed"] : ["RecreatingTerminatedPod", "terminated"]
      yield* tell(set, reason, `StatefulSet ${namespace}/${set.metadata.name} is recreating ${word} Pod ${name}`)
    }
    const gone = client.delete(Pod, keyOf(pod), { uid })
    yield* told(set, "Delete", `Pod ${name}`)(gone).pipe(Effect.catchTag("NotFound", () => Effect.void))
  })

  /** Labels and claims as they should be, of a Pod that is there. */
  const repair = Effect.fnUntraced(function* (set: StatefulSet, ordinal: number, pod: Pod, leaving: boolean) {
    if (isTerminating(pod) && !leaving) return
    if (pod.status.phase === "Pending" && !leaving) yield* claimMissing(set, ordinal)
    const wanted = Identity.identified(set, pod)
    if (wanted !== pod && !leaving) yield* told(set, "Update", `Pod ${pod.metadata.name}`)(client.update(Pod, wanted))
    for (const { claim } of claimsOf(set, ordinal)) {
      const ownerReferences = claim && Claims.owners(set, pod, leaving, claim)
      if (claim && ownerReferences) yield* patchMetadata(client, PersistentVolumeClaim, claim, { ownerReferences })
    }
  })

  const act = Effect.fnUntraced(function* (
    set: StatefulSet,
    own: ReadonlyMap<number, Pod>,
    history: { readonly current: ControllerRevision; readonly update: ControllerRevision },
    now: number
  ) {
    const leaving = new Set(Rollout.condemned(set, own))
    yield* Effect.forEach(own, ([ordinal, pod]) => repair(set, ordinal, pod, leaving.has(pod)), { discard: true })
    const plan = Rollout.plan(set, own, history.update.metadata.name, now)
    yield* slowStart(plan.create.length, (index) => {
      const ordinal = plan.create[index] ?? 0
      const revision = Rollout.isOfCurrent(set, ordinal) ? history.current : history.update
      return create(set, ordinal, templateOf(revision) ?? set.spec.template, revision.metadata.name)
    })
    yield* Effect.forEach(plan.remove, (pod) => remove(set, pod), { concurrency: 8, discard: true })
  })

  const cleanUp = (set: StatefulSet, all: ReadonlyArray<ControllerRevision>, names: ReadonlySet<string>) => {
    const inUse = new Set(all.filter(({ metadata }) => names.has(metadata.name)).map(Revisions.hashOf))
    const outdated = Revisions.outdated(all, inUse, set.spec.revisionHistoryLimit)
    return Effect.forEach(
      outdated,
      (revision) => Effect.ignore(client.delete(ControllerRevision, keyOf(revision), { uid: revision.metadata.uid })),
      { discard: true }
    )
  }

  const reconcile = Effect.fn("StatefulSet.reconcile")(function* (key: Key) {
    const set = sets.get(key)
    if (set === undefined) return Controllers.done
    const by = { kind: StatefulSet, owner: set, selects: selects(set) }
    const named = Owned.mine(pods, set).filter((pod) => Identity.ordinalOf(set, pod) !== undefined)
    const own = yield* Owned.claimAll(client, by, Pod, named)
    const { template } = set.spec
    const history = { ...by, template, collisions: set.status.collisionCount ?? 0 }
    const { all, revision: update } = yield* Revisions.current(client, history, Owned.mine(revisions, set))
    const current = all.find(({ metadata }) => metadata.name === set.status.currentRevision) ?? update
    const now = yield* Clock.currentTimeMillis
    const isGoing = set.metadata.deletionTimestamp !== undefined
    const numbered = new Map(own.map((pod) => [Identity.ordinalOf(set, pod) ?? 0, pod]))
    const exit = yield* Effect.exit(isGoing ? Effect.void : act(set, numbered, { current, update }, now))

    const after = pods.by("owner", set.metadata.uid)
    const names = { current: current.metadata.name, update: update.metadata.name }
    const status = Rollout.statusOf(set, after, names, now)
    if (!same(status, set.status)) yield* client.update(StatefulSet, { ...set, status }, { subresource: "status" })
    yield* cleanUp(set, all, new Set([...Object.values(names), ...after.map(Identity.revisionOf)]))
    yield* exit
    const soon = nextAvailable(after, set.spec.minReadySeconds ?? 0, now)
    return soon === undefined ? Controllers.done : Controllers.again(soon)
  })

  const inNamespace = (object: Pod | PersistentVolumeClaim) => sets.by("namespace", keyOf(object).namespace)
  const adopters = (pod: Pod) =>
    inNamespace(pod)
      .filter((set) => Identity.ordinalOf(set, pod) !== undefined && Owned.claim(set, selects(set), pod) === "adopt")
      .map(keyOf)
  const claimants = (claim: PersistentVolumeClaim) =>
    inNamespace(claim)
      .filter((set) => set.spec.volumeClaimTemplates !== undefined && selects(set)(claim.metadata.labels))
      .map(keyOf)
  const triggers = [
    Controllers.each(sets),
    Controllers.ownerOf(pods, StatefulSet),
    Controllers.ownerOf(revisions, StatefulSet),
    Controllers.on(pods, adopters),
    Controllers.on(claims, claimants)
  ]
  yield* Controllers.run({ name: "statefulset", triggers, concurrency: 5, reconcile })
})

export const plugin = Controllers.plugin("statefulset", start)
