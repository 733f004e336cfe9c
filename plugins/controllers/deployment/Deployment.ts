/**
 * Leads a Deployment's ReplicaSets from the templates of before to that of now, within what may be too many or too few. A run
 * reads the whole state, makes one step (`Scaling.ts`) and writes the status; the sets' changes bring the next run.
 */
import { Clock, Effect } from "effect"
import { same } from "../../../kernel/resource/JsonEqual.ts"
import { Client } from "../../../kernel/client/Client.ts"
import { Conflict } from "../../../kernel/client/Errors.ts"
import * as Status from "../../../kernel/client/Status.ts"
import * as Kind from "../../../kernel/resource/Kind.ts"
import * as Selector from "../../../kernel/resource/Selector.ts"
import { Deployment, type DeploymentStatus, ReplicaSet } from "../../resources/contracts/apps/v1.ts"
import { Pod } from "../../resources/contracts/core/v1.ts"
import * as EventRecorder from "../../resources/contracts/EventRecorder.ts"
import * as Controllers from "../contracts/Controllers.ts"
import * as Owned from "../contracts/Owned.ts"
import { isFinished } from "../contracts/Pods.ts"
import { isEnding } from "../contracts/Writes.ts"
import * as Report from "./DeploymentStatus.ts"
import * as Revision from "./Revision.ts"
import * as Scaling from "./Scaling.ts"

/** What a run works on. A step gives the next. */
interface View {
  readonly deployment: Deployment
  /** The set with the template of now. */
  readonly fresh: ReplicaSet | undefined
  readonly olds: ReadonlyArray<ReplicaSet>
  readonly now: number
}

const allOf = ({ fresh, olds }: View) => (fresh === undefined ? olds : [...olds, fresh])

const viewOf = (deployment: Deployment, sets: ReadonlyArray<ReplicaSet>, now: number): View => {
  const fresh = Revision.current(deployment, sets)
  return { deployment, fresh, olds: sets.filter((set) => set !== fresh), now }
}

const withSets = (view: View, changed: ReadonlyArray<ReplicaSet>): View => {
  const byUid = new Map(changed.map((set) => [set.metadata.uid, set]))
  const latest = (set: ReplicaSet) => byUid.get(set.metadata.uid) ?? set
  return { ...view, fresh: view.fresh && latest(view.fresh), olds: view.olds.map(latest) }
}

/** Old revisions beyond the limit, oldest first, that no Pod depends on. */
export const outdated = ({ spec }: Deployment, olds: ReadonlyArray<ReplicaSet>) =>
  olds
    .filter(({ metadata }) => metadata.deletionTimestamp === undefined)
    .toSorted((a, b) => Number(Revision.numberOf(a) - Revision.numberOf(b)))
    .slice(0, Math.max(0, olds.length - spec.revisionHistoryLimit))
    .filter(
      ({ metadata, spec, status }) =>
        status.replicas === 0 && spec.replicas === 0 && (metadata.generation ?? 0) <= (status.observedGeneration ?? 0)
    )

const start = Effect.gen(function* () {
  const client = yield* Client
  const record = yield* EventRecorder.make({ component: "deployment-controller" })
  const deployments = yield* client.cache(Deployment, { indexes: Controllers.byNamespace })
  const sets = yield* client.cache(ReplicaSet, { indexes: Owned.byOwner })
  const pods = yield* client.cache(Pod, { indexes: Owned.byOwner })

  const putStatus = Effect.fnUntraced(function* (view: View, status: DeploymentStatus) {
    if (same(status, view.deployment.status)) return view
    const changed = { ...view.deployment, status }
    return { ...view, deployment: yield* client.update(Deployment, changed, { subresource: "status" }) }
  })

  const rollout = (view: View) => putStatus(view, Report.rollout(view.deployment, view.fresh, allOf(view), view.now))

  const scaleOne = Effect.fnUntraced(function* (deployment: Deployment, [set, replicas]: Scaling.Step) {
    const { replicas: desired } = deployment.spec
    const annotations = {
      ...set.metadata.annotations,
      ...Revision.sizes(desired, desired + Scaling.limits(deployment).surge)
    }
    const before = set.spec.replicas
    if (before === replicas && same(annotations, set.metadata.annotations)) return set
    const changed = { ...set, metadata: { ...set.metadata, annotations }, spec: { ...set.spec, replicas } }
    const after = yield* client.update(ReplicaSet, changed)
    if (before !== replicas) yield* tellScaled(deployment, set, before, replicas)
    return after
  })

  const tellScaled = (object: Deployment, { metadata }: ReplicaSet, before: number, after: number) => {
    const message = `Scaled ${after > before ? "up" : "down"} replica set ${metadata.name} from ${before} to ${after}`
    return record({ kind: Deployment, object, type: "Normal", reason: "ScalingReplicaSet", message })
  }

  const scale = Effect.fnUntraced(function* (view: View, steps: ReadonlyArray<Scaling.Step>) {
    return withSets(view, yield* Effect.forEach(steps, (step) => scaleOne(view.deployment, step)))
  })

  /** The number of the revision of now is the highest, on its set and on the Deployment. */
  const numbered = Effect.fnUntraced(function* (view: View) {
    const { deployment, fresh, olds } = view
    if (fresh === undefined) return view
    const annotations = Revision.annotationsOf(deployment, fresh.metadata.annotations ?? {}, Revision.next(olds))
    const { minReadySeconds: _, ...spec } = fresh.spec
    const ready = deployment.spec.minReadySeconds
    const changed = {
      ...fresh,
      metadata: { ...fresh.metadata, annotations },
      spec: { ...spec, ...(ready !== undefined && { minReadySeconds: ready }) }
    }
    const isSame = same(annotations, fresh.metadata.annotations) && ready === fresh.spec.minReadySeconds
    const set = isSame ? fresh : yield* client.update(ReplicaSet, changed)
    return yield* marked(withSets(view, [set]), set)
  })

  const marked = Effect.fnUntraced(function* (view: View, fresh: ReplicaSet) {
    const { metadata } = view.deployment
    const revision = fresh.metadata.annotations?.[Revision.revisionAnnotation]
    if (revision === undefined || metadata.annotations?.[Revision.revisionAnnotation] === revision) return view
    const annotations = { ...metadata.annotations, [Revision.revisionAnnotation]: revision }
    const deployment = yield* client.update(Deployment, { ...view.deployment, metadata: { ...metadata, annotations } })
    return { ...view, deployment }
  })

  /** Another object has the name: if it is not this revision, the hash is made with another number, and the run begins again. */
  const taken = Effect.fnUntraced(function* (view: View, name: string) {
    const { deployment } = view
    const key = { namespace: Kind.keyOf(deployment).namespace, name }
    const set = yield* client.get(ReplicaSet, key)
    const isOurs = Kind.controllerOf(set)?.uid === deployment.metadata.uid
    if (isOurs && set.spec.template && Revision.isSameTemplate(set.spec.template, deployment.spec.template)) return set
    const collisionCount = 1 + (deployment.status.collisionCount ?? 0)
    yield* putStatus(view, { ...deployment.status, collisionCount })
    return yield* new Conflict({
      group: "apps",
      resource: "replicasets",
      ...key,
      detail: "the name of the revision is taken"
    })
  })

  const withFresh = Effect.fnUntraced(function* (view: View) {
    const { deployment, fresh, now, olds } = view
    if (fresh !== undefined) return yield* putStatus(view, Report.found(deployment, fresh, false, now))
    const replicas = Scaling.freshSize(deployment, 0, olds)
    const desired = deployment.spec.replicas
    const annotations = {
      ...Revision.annotationsOf(deployment, {}, Revision.next(olds)),
      ...Revision.sizes(desired, desired + Scaling.limits(deployment).surge)
    }
    const draft = Revision.draft(deployment, replicas, annotations)
    const name = draft.metadata.name ?? ""
    const set = yield* client.create(ReplicaSet, draft).pipe(
      Effect.tap((set) => (replicas > 0 ? tellScaled(deployment, set, 0, replicas) : Effect.void)),
      Effect.catchTag("AlreadyExists", () => taken(view, name)),
      Effect.tapError((error) =>
        isEnding(error) || error._tag === "Conflict"
          ? Effect.void
          : putStatus(view, Report.refused(deployment, name, Status.messageOf(error), now))
      )
    )
    const made = yield* marked({ ...view, fresh: set }, set)
    return yield* putStatus(made, Report.found(made.deployment, set, true, now))
  })

  const cleanUp = ({ deployment, olds }: View) =>
    Effect.forEach(
      outdated(deployment, olds),
      (set) => Effect.ignore(client.delete(ReplicaSet, Kind.keyOf(set), { uid: set.metadata.uid })),
      { discard: true }
    )

  const rest = Effect.fnUntraced(function* (view: View) {
    const { deployment, fresh, olds } = view
    const after = yield* scale(view, Scaling.resize(deployment, fresh, olds))
    if (deployment.spec.paused) yield* cleanUp(after)
    return yield* putStatus(after, Report.resting(after.deployment, after.fresh, allOf(after), after.now))
  })

  const roll = Effect.fnUntraced(function* (before: View) {
    const view = yield* withFresh(before)
    const { deployment, fresh, olds } = view
    if (fresh === undefined) return view
    const size = Scaling.freshSize(deployment, fresh.spec.replicas, olds)
    const steps: ReadonlyArray<Scaling.Step> =
      size === fresh.spec.replicas ? Scaling.shrink(deployment, fresh, olds) : [[fresh, size]]
    if (steps.length === 0 && Report.isComplete(deployment, deployment.status)) yield* cleanUp(view)
    return yield* rollout(yield* scale(view, steps))
  })

  /** The old ones have ended, also those that are only about to. */
  const isVacated = ({ olds }: View) =>
    olds.every(({ metadata, status }) => status.replicas === 0 && pods.by("owner", metadata.uid).every(isFinished))

  const recreate = Effect.fnUntraced(function* (before: View) {
    const steps = Scaling.active(before.olds).map((set): Scaling.Step => [set, 0])
    if (steps.length > 0) return yield* rollout(yield* scale(before, steps))
    if (!isVacated(before)) return yield* rollout(before)
    const view = yield* withFresh(before)
    if (Report.isComplete(view.deployment, view.deployment.status)) yield* cleanUp(view)
    const { deployment, fresh } = view
    return yield* rollout(fresh === undefined ? view : yield* scale(view, [[fresh, deployment.spec.replicas]]))
  })

  const step = Effect.fnUntraced(function* (found: View) {
    if (found.deployment.metadata.deletionTimestamp !== undefined) {
      return yield* putStatus(found, Report.resting(found.deployment, found.fresh, allOf(found), found.now))
    }
    const view = yield* numbered(yield* putStatus(found, Report.paused(found.deployment, found.now)))
    const { paused, strategy } = view.deployment.spec
    if (paused === true || Scaling.isResized(view.deployment, allOf(view))) return yield* rest(view)
    return yield* strategy.type === "Recreate" ? recreate(view) : roll(view)
  })

  const reconcile = Effect.fn("Deployment.reconcile")(function* (key: Kind.Key) {
    const deployment = deployments.get(key)
    if (deployment === undefined) return Controllers.done
    const by = { kind: Deployment, owner: deployment, selects: Selector.matcher(deployment.spec.selector) }
    const own = yield* Owned.claimAll(client, by, ReplicaSet, Owned.mine(sets, deployment))
    const now = yield* Clock.currentTimeMillis
    const after = yield* step(viewOf(deployment, own, now))
    const late = Report.untilLate(after.deployment, now)
    return late === undefined ? Controllers.done : Controllers.again(late)
  })

  const ofSet = (set: Kind.Resource) => {
    const owner = Kind.controllerOf(set)
    return owner?.kind === Deployment.kind ? [{ ...Kind.keyOf(set), name: owner.name }] : []
  }
  /** Only one that recreates waits for Pods to end. */
  const waiting = (pod: Pod) => {
    const owner = Kind.controllerOf(pod)
    const set = owner?.kind === ReplicaSet.kind ? sets.get({ ...Kind.keyOf(pod), name: owner.name }) : undefined
    return set === undefined ? [] : ofSet(set).filter((key) => deployments.get(key)?.spec.strategy.type === "Recreate")
  }
  const adopters = (set: ReplicaSet) =>
    deployments
      .by("namespace", Kind.keyOf(set).namespace)
      .filter((deployment) => Owned.claim(deployment, Selector.matcher(deployment.spec.selector), set) === "adopt")
      .map(Kind.keyOf)
  const triggers = [
    Controllers.each(deployments),
    Controllers.ownerOf(sets, Deployment),
    Controllers.on(sets, adopters),
    Controllers.on(pods, waiting)
  ]
  yield* Controllers.run({ name: "deployment", triggers, concurrency: 5, reconcile })
})

export const plugin = Controllers.plugin("deployment", start)
