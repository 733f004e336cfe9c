/**
 * A Pod that asks for more or less of the machine while it runs: whether this node can give it, and how its containers get it.
 * Source: KEP-1287, "In-place Update of Pod Resources".
 */
import { Effect } from "effect"
import * as Quantity from "../../../kernel/resource/Quantity.ts"
import type { Container, Pod } from "../../resources/contracts/core/v1.ts"
import * as PodAmounts from "../../resources/contracts/PodAmounts.ts"
import * as Allocation from "./Allocation.ts"
import * as Qos from "./Qos.ts"
import type { State } from "./State.ts"
import * as View from "./View.ts"

/** Milliseconds after which what did not fit, or failed, is tried again. */
const again = 5000

const isOver = ({ status }: Pod) => status.phase === "Succeeded" || status.phase === "Failed"

/** What the other Pods of this node have been given. */
const others = ({ site, uid }: State) =>
  site.pods
    .all()
    .filter((pod) => pod.metadata.uid !== uid && !isOver(pod))
    .map((pod) => {
      const allocation = site.allocations.get(pod.metadata.uid)
      return PodAmounts.ofPod((allocation === undefined ? pod : Allocation.effective(pod, allocation)).spec, "requests")
    })
    .reduce(PodAmounts.plus, {})

const counted = ["cpu", "memory"] as const
const shown = (name: (typeof counted)[number], amount: Quantity.Quantity) =>
  `${name === "cpu" ? Quantity.milli(amount) : Quantity.value(amount)}`

/** Why it cannot have it now, or never. */
const refusal = (state: State, wanted: PodAmounts.Amounts): View.Pending | undefined => {
  const capacity = PodAmounts.read(state.site.ownNode()?.status.allocatable)
  const used = others(state)
  for (const name of counted) {
    const [asked, all] = [wanted[name] ?? Quantity.zero, capacity[name]]
    if (all === undefined || Quantity.compare(asked, all) <= 0) continue
    const message = `Node didn't have enough capacity: ${name}, requested: ${shown(name, asked)}, capacity: ${shown(name, all)}`
    return { reason: "Infeasible", message }
  }
  for (const name of counted) {
    const [asked, all, theirs] = [wanted[name] ?? Quantity.zero, capacity[name], used[name] ?? Quantity.zero]
    if (all === undefined || Quantity.compare(Quantity.add(asked, theirs), all) <= 0) continue
    const amounts = `requested: ${shown(name, asked)}, used: ${shown(name, theirs)}, capacity: ${shown(name, all)}`
    return { reason: "Deferred", message: `Node didn't have enough resource: ${name}, ${amounts}` }
  }
  return undefined
}

const save = ({ allocation, directory, site }: State) =>
  Effect.sync(() => {
    if (!site.settings.hollow) Allocation.save(directory, allocation)
  })

const summary = ({ metadata, spec }: Pod, error?: string) => {
  const of = (containers: ReadonlyArray<Container> = []) =>
    containers.map(({ name, resources }) => ({ name, resources: Allocation.given(resources) }))
  const initContainers = of(spec.initContainers)
  return JSON.stringify({
    ...(initContainers.length > 0 && { initContainers }),
    containers: of(spec.containers),
    generation: metadata.generation,
    ...(error !== undefined && { error })
  })
}

/** Agrees to what the Pod asks for, if the node has it. What a Pod begins with was agreed to when it came. */
export const admit = Effect.fn("Pod.admitResize")(function* (state: State) {
  const { allocation, pod, site } = state
  if (allocation.allocated.size === 0) {
    allocation.allocated = Allocation.ofPod(pod)
    return
  }
  const now = Allocation.effective(pod, allocation)
  if (now === pod) {
    state.pending = undefined
    return
  }
  const pending = refusal(state, PodAmounts.ofPod(pod.spec, "requests"))
  const isNews = pending?.reason !== state.pending?.reason || pending?.message !== state.pending?.message
  state.pending = pending
  if (pending === undefined) {
    allocation.allocated = Allocation.ofPod(pod)
    yield* save(state)
    yield* site.tell(pod, "Normal", "ResizeStarted", `Pod resize started: ${summary(pod)}`)
  } else if (isNews) {
    const message = `Pod resize ${pending.reason}: ${summary(pod, pending.message)}`
    yield* site.tell(pod, "Warning", `Resize${pending.reason}`, message)
  }
})

/** When what did not fit is looked at again. */
export const dueAt = ({ pending }: State, { now }: View.View) =>
  pending?.reason === "Deferred" ? now + again : Number.POSITIVE_INFINITY

/** A container that runs has what it was started with, as far as nobody knows better; those that are gone are forgotten. */
export const remember = Effect.fnUntraced(function* (state: State, view: View.View) {
  const { allocation } = state
  const there = Allocation.resizable(view.pod).flatMap((container) => {
    const status = View.current(view, container.name)
    return status?.state === "Running" ? [[status.id, container] as const] : []
  })
  const applied = new Map(
    there.map(([id, { resources }]) => [id, allocation.applied.get(id) ?? Allocation.given(resources)])
  )
  const isSame = applied.size === allocation.applied.size && [...applied.keys()].every((id) => allocation.applied.has(id))
  if (isSame) return
  allocation.applied = applied
  yield* save(state)
})

const failed = Effect.fnUntraced(function* (state: State, view: View.View, message: string) {
  if (state.resizeFailed?.message !== message) {
    yield* state.site.tell(view.pod, "Warning", "ResizeError", `Pod resize error: ${summary(view.pod, message)}`)
  }
  state.resizeFailed = { message, until: view.now + again }
})

/** Below what a container uses its limit is not put: the kernel would end it. */
const tooSmall = Effect.fnUntraced(function* (state: State, id: string, before: number, limit: number) {
  if (limit === 0 || (before !== 0 && limit >= before)) return undefined
  const all = yield* Effect.orElseSucceed(state.site.stats.sample(), () => [])
  const used = all.find((sample) => sample.id === id)?.memoryBytes ?? 0
  return used < limit ? undefined : `attempting to set pod memory limit (${limit}) below current usage (${used})`
})

/** Tells the runtime of a container's new limits. */
export const update = Effect.fn("Pod.updateContainer")(function* (
  state: State,
  view: View.View,
  { container, id }: { readonly container: Container; readonly id: string }
) {
  const { allocation, site } = state
  const { oomScoreAdjust: _, ...resources } = Qos.resources(view.pod, container, site.machine.memoryBytes)
  const before = Quantity.value(Quantity.of(allocation.applied.get(id)?.limits?.["memory"]))
  const problem = yield* tooSmall(state, id, before, resources.memoryBytes ?? 0)
  if (problem !== undefined) return yield* failed(state, view, problem)
  yield* site.runtime.updateContainer({ id, resources }).pipe(
    Effect.andThen(
      Effect.suspend(() => {
        state.resizeFailed = undefined
        allocation.applied = new Map([...allocation.applied, [id, Allocation.given(container.resources)]])
        return save(state)
      })
    ),
    Effect.catchTags({
      ContainerMissing: () => Effect.void,
      UpdateRefused: ({ message }) => failed(state, view, message)
    })
  )
})

/** Once all has been done it is said. */
export const told = Effect.fnUntraced(function* (state: State, view: View.View) {
  const isUnderWay = View.isResizing(view)
  if (state.isResizing && !isUnderWay && state.pending === undefined)
    yield* state.site.tell(view.pod, "Normal", "ResizeCompleted", `Pod resize completed: ${summary(view.pod)}`)
  state.isResizing = isUnderWay
})
