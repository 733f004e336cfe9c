/** Has the probes of a Pod's running containers asked, and keeps what they found. */
import { Effect, FiberMap } from "effect"
import type { ContainerStatus } from "../contracts/Pods.ts"
import * as Prober from "../probes/Prober.ts"
import { addressOf } from "./Look.ts"
import { type Found, specOf, type State } from "./State.ts"
import type { View } from "./View.ts"

/** A container that was ready when an earlier kubelet looked is ready until its probe says otherwise. */
const adopted = ({ pod }: State, { id }: ContainerStatus): Found => {
  const said = [...(pod.status.containerStatuses ?? []), ...(pod.status.initContainerStatuses ?? [])].find(
    ({ containerID }) => containerID?.endsWith(`://${id}`)
  )
  return { ...(said?.started && { startup: true }), ...(said?.ready && { readiness: true }) }
}

const next = (before: Found, kind: Prober.Kind, ok: boolean, unhealthy: Found["unhealthy"]): Found => {
  if (kind === "Readiness") return { ...before, readiness: ok }
  if (!ok) return { ...before, ...(unhealthy && { unhealthy }) }
  return kind === "Startup" ? { ...before, startup: true } : before
}

/** `changed` is called when a verdict may ask for something to be done. */
export const make = Effect.fnUntraced(function* (state: State, changed: () => void) {
  const { found, site } = state
  const asking = yield* FiberMap.make<string>()

  const report = ({ id, name }: ContainerStatus): Prober.Report => ({
    unhealthy: (kind, message) => {
      const container = specOf(state, name)
      if (container === undefined) return Effect.void
      return site.tell(state.pod, "Warning", "Unhealthy", `${kind} probe failed: ${message}`, container)
    },
    verdict: (kind, ok, { terminationGracePeriodSeconds: graceSeconds }) =>
      Effect.sync(() => {
        const message = `Container ${name} failed ${kind.toLowerCase()} probe, will be restarted`
        found.set(id, next(found.get(id) ?? {}, kind, ok, { message, ...(graceSeconds !== undefined && { graceSeconds }) }))
        changed()
      })
  })

  const begin = (view: View, status: ContainerStatus) => {
    const container = specOf(state, status.name)
    const { id } = status
    if (
      container === undefined ||
      !Prober.hasProbes(container) ||
      state.starting.has(id) ||
      FiberMap.hasUnsafe(asking, id)
    ) {
      return Effect.void
    }
    found.set(id, { ...adopted(state, status), ...found.get(id) })
    const probes = Prober.run(container, {
      target: { container, id, address: addressOf(state, view) },
      startedAt: Date.parse(status.startedAt ?? status.createdAt),
      report: report(status),
      // Where no container is, nobody could answer.
      ...(site.settings.hollow && { ask: () => Effect.void })
    })
    return FiberMap.run(asking, id, Effect.provideContext(probes, site.powers))
  }

  return {
    /** Each container that runs has its probes asked, and no other. */
    watch: Effect.fnUntraced(function* (view: View) {
      const running = view.sandboxes.flatMap(({ containers }) => containers.filter(({ state }) => state === "Running"))
      for (const [id] of asking) if (!running.some((status) => status.id === id)) yield* FiberMap.remove(asking, id)
      yield* Effect.forEach(running, (status) => begin(view, status), { discard: true })
    }),
    end: FiberMap.clear(asking)
  }
})
