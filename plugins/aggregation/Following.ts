/** Keeps this process's door told of the APIServices: whom it leads requests to, what they serve, and which group comes first. */
import { Effect } from "effect"
import { Client } from "../../kernel/client/Client.ts"
import type { Key } from "../../kernel/resource/Kind.ts"
import { type Backend, Backends, type Priority } from "../apiserver/contracts/Backends.ts"
import type { FrontProxy } from "../apiserver/contracts/RequestHeader.ts"
import * as Controllers from "../controllers/contracts/Controllers.ts"
import { APIService } from "../resources/contracts/apiregistration/v1.ts"
import * as Look from "./Look.ts"
import * as Reach from "./Reach.ts"

/** What is served is asked again after that time, and sooner where there was no answer. */
const again = { looked: "1 minute", unseen: "10 seconds" } as const

interface Known {
  readonly priority: Priority
  readonly backend: Backend | undefined
}

const isAvailable = ({ status }: APIService) =>
  status.conditions?.some(({ status: is, type }) => type === "Available" && is === "True") === true

const priorityOf = ({ spec }: APIService): Priority => ({
  group: spec.group ?? "",
  version: spec.version ?? "",
  groupPriority: spec.groupPriorityMinimum,
  versionPriority: spec.versionPriority
})

const isSame = (a: Known | undefined, b: Known) => JSON.stringify(a) === JSON.stringify(b)

export const run = Effect.fnUntraced(function* (proxy: FrontProxy) {
  const [client, backends] = [yield* Client, yield* Backends]
  const services = yield* client.cache(APIService, { indexes: {} })
  const { drop, reach } = yield* Reach.make(proxy)
  const known = new Map<string, Known>()

  const publish = Effect.suspend(() => {
    const all = [...known.values()]
    return backends.replace({
      backends: all.flatMap(({ backend }) => backend ?? []),
      priorities: all.map(({ priority }) => priority)
    })
  })
  const put = (name: string, now: Known) =>
    Effect.suspend(() => {
      const changed = !isSame(known.get(name), now) || now.backend !== undefined
      known.set(name, now)
      return changed ? publish : Effect.void
    })
  const forget = (name: string) =>
    Effect.suspend(() => {
      drop(name)
      return known.delete(name) ? publish : Effect.void
    })

  const look = Effect.fnUntraced(function* (service: APIService, backend: Backend) {
    const reached = yield* reach(service)
    const discovered = yield* Look.discovered(reached, backend)
    const openApi = yield* Look.openApi(reached, backend)
    const same = JSON.stringify([backend.discovered, backend.openApi]) === JSON.stringify([discovered, openApi])
    if (!same)
      yield* put(service.metadata.name, { priority: priorityOf(service), backend: { ...backend, discovered, openApi } })
  })

  const reconcile = Effect.fn("Aggregation.reconcile")(function* (key: Key) {
    const service = services.get(key)
    if (service === undefined) return yield* forget(key.name)
    const priority = priorityOf(service)
    const { group, version } = priority
    if (service.spec.service === undefined) return yield* put(key.name, { priority, backend: undefined })
    const before = known.get(key.name)?.backend
    const { discovered, openApi } = before ?? { discovered: undefined, openApi: undefined }
    const available = isAvailable(service)
    const backend = { group, version, isAvailable: available, reach: reach(service), discovered, openApi }
    yield* put(key.name, { priority, backend })
    if (!available) return
    return yield* look(service, backend).pipe(
      Effect.as(Controllers.again(again.looked)),
      Effect.catch(({ detail }) =>
        Effect.as(Effect.logInfo(`${key.name} does not say what it serves: ${detail}`), Controllers.again(again.unseen))
      )
    )
  })

  yield* Controllers.run({ name: "aggregation", triggers: [Controllers.each(services)], reconcile })
})
