/**
 * A data plane that may be started again and then knows nothing: what was programmed is remembered here, and all of it is programmed
 * anew when another one has taken its place.
 */
import { Effect } from "effect"
import { type ProxiedService, ServiceProxy } from "./contracts/ServiceProxy.ts"

/** `generation` is another number after each start of the data plane. */
export const make = (proxy: ServiceProxy["Service"], generation: () => number): ServiceProxy["Service"] => {
  const all = new Map<string, ProxiedService>()
  let known: number | undefined
  const whole = Effect.suspend(() => {
    const now = generation()
    known = undefined
    return Effect.andThen(
      proxy.sync({ whole: true, services: [...all.values()] }),
      Effect.sync(() => void (known = now))
    )
  })
  return ServiceProxy.of({
    ...proxy,
    sync: ({ services, whole: isWhole }) =>
      Effect.suspend(() => {
        if (isWhole) all.clear()
        for (const service of services) {
          if (service.ports.length === 0) all.delete(service.name)
          else all.set(service.name, service)
        }
        if (isWhole || known !== generation()) return whole
        return Effect.onError(proxy.sync({ whole: false, services }), () => Effect.sync(() => void (known = undefined)))
      }),
    repair: () => Effect.suspend(() => (known === generation() ? proxy.repair() : Effect.as(whole, false)))
  })
}
