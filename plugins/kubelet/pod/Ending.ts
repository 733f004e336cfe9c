/** The steps by which a Pod goes: hooks, signals, sandbox, volumes, cgroups. Each can be done again. */
import { Clock, Effect } from "effect"
import { rmSync } from "node:fs"
import type { Container } from "../../resources/contracts/core/v1.ts"
import * as Volumes from "../volumes/Volumes.ts"
import * as Cgroups from "./Cgroups.ts"
import * as Hooks from "./Hooks.ts"
import { addressOf } from "./Look.ts"
import * as Qos from "./Qos.ts"
import type { State } from "./State.ts"
import * as View from "./View.ts"

/** Nothing is killed sooner after its signal than this, seconds, however long its hook took. */
export const minimumGrace = 2

interface Stop {
  readonly container: Container
  readonly id: string
  readonly message: string
  readonly graceSeconds: number
}

const preStop = Effect.fnUntraced(function* (state: State, view: View.View, { container, graceSeconds, id }: Stop) {
  const hook = container.lifecycle?.preStop
  const { pod, site, stopping } = state
  if (hook === undefined || graceSeconds <= 0 || stopping.has(id)) return
  stopping.add(id)
  yield* Hooks.run(hook, { container, id, address: addressOf(state, view) }, graceSeconds).pipe(
    Effect.provideContext(site.powers),
    Effect.timeoutOption(`${graceSeconds} seconds`),
    Effect.catchTag("CheckFailed", ({ message }) =>
      site.tell(pod, "Warning", "FailedPreStopHook", `PreStopHook failed: ${message}`, container)
    )
  )
})

/** The time that the hook takes is part of the grace. */
export const stopContainer = Effect.fn("Pod.stopContainer")(function* (state: State, view: View.View, stop: Stop) {
  const { pod, site } = state
  yield* site.tell(pod, "Normal", "Killing", stop.message, stop.container)
  const began = yield* Clock.currentTimeMillis
  yield* preStop(state, view, stop)
  const spent = Math.floor(((yield* Clock.currentTimeMillis) - began) / 1000)
  yield* site.runtime.stopContainer({ id: stop.id, graceSeconds: Math.max(minimumGrace, stop.graceSeconds - spent) })
})

/** The containers first, all at once, then the sidecars from the last to the first. */
export const stopAll = Effect.fnUntraced(function* (state: State, view: View.View, graceSeconds: number) {
  const { spec } = state.pod
  const running = (containers: ReadonlyArray<Container>) =>
    containers.flatMap((container) => {
      const found = View.attempts(view, container.name).find((one) => one.state === "Running")
      return found === undefined ? [] : [{ container, id: found.id }]
    })
  const stop = ({ container, id }: { readonly container: Container; readonly id: string }) =>
    stopContainer(state, view, { container, id, message: `Stopping container ${container.name}`, graceSeconds })
  yield* Effect.forEach(running(spec.containers), stop, { concurrency: "unbounded", discard: true })
  yield* Effect.forEach(running((spec.initContainers ?? []).toReversed()), stop, { discard: true })
})

/** What is left of a Pod whose work is done: its containers stay, for their logs. Whether there was anything to do. */
export const settle = Effect.fnUntraced(function* (state: State, view: View.View) {
  const { pod, site } = state
  const isRunning = view.sandboxes.some(({ containers }) => containers.some((one) => one.state === "Running"))
  if (isRunning) yield* stopAll(state, view, pod.spec.terminationGracePeriodSeconds)
  const open = View.openSandbox(view)
  if (open !== undefined) yield* site.runtime.stopPod({ pod: open.id, graceSeconds: minimumGrace })
  return isRunning || open !== undefined
})

/** Everything that was made for it on this machine. */
export const remove = Effect.fn("Pod.remove")(function* ({ directory, pod, site, uid }: State) {
  const { runtime, settings } = site
  for (const { id } of yield* runtime.list({ uid })) yield* runtime.removePod({ pod: id })
  if (settings.hollow) return
  yield* site.driven.unpublish(directory)
  yield* Volumes.unmount(directory)
  yield* Effect.sync(() => rmSync(site.logsOf(pod), { recursive: true, force: true }))
  yield* Cgroups.removeSoon(Qos.cgroupOf(settings.cgroupRoot, pod))
})
