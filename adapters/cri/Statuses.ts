/**
 * What a runtime has, read with as few calls as can be: two lists say what there is and in which state, and a status is asked for
 * only when that state is new. A status that is known does not change as long as the state does not.
 */
import { Effect } from "effect"
import type * as Pods from "../../plugins/kubelet/contracts/Pods.ts"
import { type Cri, type CriFailed, NOT_FOUND } from "./Cri.ts"
import { remembering } from "./Remembering.ts"
import * as Replies from "./Replies.ts"
import { labels } from "./Requests.ts"

export const isMissing = ({ code, detail }: CriFailed) => code === NOT_FOUND || /not found|does not exist/.test(detail)

export const make = (cri: Cri["Service"]) => {
  const sandbox = (id: string) =>
    Effect.map(cri.call("PodSandboxStatus", Replies.PodSandboxStatus, { pod_sandbox_id: id }), ({ status }) => status)
  const container = (id: string) =>
    Effect.map(cri.call("ContainerStatus", Replies.ContainerStatus, { container_id: id }), ({ status }) =>
      Replies.containerStatus(status)
    )
  const knownSandboxes = remembering(sandbox)
  const knownContainers = remembering(container)

  /** What goes between the list and the question is left out. */
  const unlessGone = <A>(answer: Effect.Effect<A, CriFailed>) =>
    Effect.catchIf(
      Effect.map(answer, (one) => [one]),
      isMissing,
      () => Effect.succeed([])
    )

  const selector = (uid: string | undefined) =>
    uid === undefined ? {} : { filter: { label_selector: { [labels.uid]: uid } } }

  const lists = Effect.fnUntraced(function* (uid?: string) {
    const [{ items }, { containers }] = yield* Effect.all(
      [
        cri.call("ListPodSandbox", Replies.ListPodSandbox, selector(uid)),
        cri.call("ListContainers", Replies.ListContainers, selector(uid))
      ],
      { concurrency: "unbounded" }
    )
    // Others may use the same runtime: a Pod without our labels is not the kubelet's.
    return { pods: items.filter((pod) => pod.labels[labels.uid] !== undefined), containers }
  })

  const describe = Effect.fnUntraced(function* (pod: Replies.PodSandbox, containers: ReadonlyArray<Replies.Container>) {
    const status = yield* knownSandboxes.of(pod.id, pod.state)
    const ordered = containers.toSorted((one, other) => one.created_at.localeCompare(other.created_at))
    const all = yield* Effect.forEach(ordered, ({ id, state }) => unlessGone(knownContainers.of(id, state)), {
      concurrency: 8
    })
    return Replies.podStatus({ ...status.metadata, ...status }, all.flat())
  })

  const forget = ({ containers, pods }: Effect.Success<ReturnType<typeof lists>>) => {
    const there = new Set([...pods.map(({ id }) => id), ...containers.map(({ id }) => id)])
    for (const { known } of [knownSandboxes, knownContainers]) {
      for (const id of known.keys()) if (!there.has(id)) known.delete(id)
    }
  }

  const list = Effect.fnUntraced(function* (uid?: string) {
    const { containers, pods } = yield* lists(uid)
    if (uid === undefined) forget({ containers, pods })
    const found = yield* Effect.forEach(
      pods,
      (pod) =>
        unlessGone(
          describe(
            pod,
            containers.filter(({ pod_sandbox_id }) => pod_sandbox_id === pod.id)
          )
        ),
      { concurrency: 8 }
    )
    return found.flat()
  })

  return {
    lists,
    list,
    forget,
    /** As it is now. */
    sandbox,
    /** As it was when it was started, which is enough for what does not change. */
    knownSandbox: (id: string) => {
      const known = knownSandboxes.known.get(id)
      return known === undefined ? sandbox(id) : Effect.succeed(known.answer)
    },
    /** A sandbox that was just started has no containers. */
    fresh: (id: string): Effect.Effect<Pods.PodStatus, CriFailed> =>
      Effect.map(knownSandboxes.of(id, "SANDBOX_READY"), (status) =>
        Replies.podStatus({ ...status.metadata, ...status }, [])
      )
  }
}
