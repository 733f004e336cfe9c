/**
 * Says of each APIService whether it answers, in upstream's words: that of this server does; another's Service has to be there, to
 * have endpoints, and to answer for the group. Source: `apiregistration.k8s.io/v1`, condition `Available`.
 */
import { DateTime, Effect, Metric } from "effect"
import { Client } from "../../kernel/client/Client.ts"
import type { Key } from "../../kernel/resource/Kind.ts"
import type { FrontProxy } from "../apiserver/contracts/RequestHeader.ts"
import * as Controllers from "../controllers/contracts/Controllers.ts"
import { withCondition } from "../controllers/contracts/Statuses.ts"
import { APIService } from "../resources/contracts/apiregistration/v1.ts"
import { Service } from "../resources/contracts/core/v1.ts"
import { EndpointSlice } from "../resources/contracts/discovery/v1.ts"
import { ask, urlOf } from "./Ask.ts"
import * as Reach from "./Reach.ts"

interface Verdict {
  readonly status: "True" | "False"
  readonly reason: string
  readonly message: string
}

const quote = JSON.stringify
const no = (reason: string, message: string): Verdict => ({ status: "False", reason, message })
const local: Verdict = { status: "True", reason: "Local", message: "Local APIServices are always available" }
const passed: Verdict = { status: "True", reason: "Passed", message: "all checks passed" }

const serviceLabel = "kubernetes.io/service-name"
const ofService = {
  service: ({ metadata: { labels, namespace = "" } }: EndpointSlice) => [`${namespace}/${labels?.[serviceLabel] ?? ""}`]
}
const byService = {
  service: (one: APIService) => {
    const port = Reach.servicePortOf(one)
    return port === undefined ? [] : [`${port.namespace}/${port.name}`]
  }
}

/** A refusal is looked at again soon, an answer less often. */
const again = { passed: "30 seconds", failed: "5 seconds" } as const
const retries = 2

const hasEndpoint =
  (portName: string) =>
  ({ endpoints, ports }: EndpointSlice) =>
    (endpoints ?? []).some(({ conditions }) => conditions.ready !== false) &&
    (ports ?? []).some(({ name = "", port }) => name === portName && port !== undefined)

/** `undefined`: nothing speaks against it. */
const standing = (
  { name, namespace, port }: NonNullable<ReturnType<typeof Reach.servicePortOf>>,
  service: Service | undefined,
  slices: ReadonlyArray<EndpointSlice>
): Verdict | undefined => {
  const what = `service/${name} in ${quote(namespace)}`
  if (service === undefined) return no("ServiceNotFound", `${what} is not present`)
  if ((service.spec.type ?? "ClusterIP") !== "ClusterIP") return undefined
  const found = service.spec.ports?.find((one) => one.port === port)
  if (found === undefined) return no("ServicePortError", `${what} is not listening on port ${port}`)
  if (slices.length === 0) return no("EndpointsNotFound", `cannot find endpointslices for ${what}`)
  const portName = found.name ?? ""
  if (slices.some(hasEndpoint(portName))) return undefined
  return no("MissingEndpoints", `endpointslices for ${what} have no addresses with port name ${quote(portName)}`)
}

const checked = Effect.fnUntraced(function* (reach: Reach.Reach["reach"], service: APIService) {
  const { group = "", version = "" } = service.spec
  const path = group === "" ? `/api/${version}` : `/apis/${group}/${version}`
  const once = Effect.gen(function* () {
    const reached = yield* reach(service)
    const url = urlOf(reached, path)
    const missing = (why: string) => ({ detail: `failing or missing response from ${url}: ${why}` })
    const { code } = yield* Effect.mapError(ask(reached, path), ({ detail }) => missing(detail))
    if (code < 200 || code > 299) return yield* Effect.fail(missing(`bad status from ${url}: ${code}`))
    return passed
  })
  return yield* Effect.retry(once, { times: retries }).pipe(
    Effect.catch(({ detail }) => Effect.succeed(no("FailedDiscoveryCheck", detail)))
  )
})

const unavailable = Metric.gauge("aggregator_unavailable_apiservice", {
  description: "1 for each APIService that does not answer, by name."
})
const failures = Metric.counter("aggregator_unavailable_apiservice_total", {
  description: "How often an APIService stopped to answer, by name and reason.",
  incremental: true
})
const count = (name: string, { reason, status }: Verdict, isNew: boolean) =>
  Effect.andThen(
    Metric.update(Metric.withAttributes(unavailable, { name }), status === "True" ? 0 : 1),
    status === "False" && isNew ? Metric.update(Metric.withAttributes(failures, { name, reason }), 1) : Effect.void
  )

export const run = Effect.fnUntraced(function* (proxy: FrontProxy) {
  const client = yield* Client
  const { reach } = yield* Reach.make(proxy)
  const all = yield* client.cache(APIService, { indexes: byService })
  const services = yield* client.cache(Service, { indexes: {} })
  const slices = yield* client.cache(EndpointSlice, { indexes: ofService })

  const say = Effect.fnUntraced(function* (service: APIService, verdict: Verdict) {
    const before = service.status.conditions?.find(({ type }) => type === "Available")
    const { message, reason, status } = verdict
    yield* count(service.metadata.name, verdict, before?.status !== status)
    if (before?.status === status && before.reason === reason && before.message === message) return
    const now = DateTime.formatIso(yield* DateTime.now).replace(/\.\d+Z$/, "Z")
    const conditions = withCondition(service.status.conditions, { type: "Available", ...verdict }, now)
    const options = { subresource: "status", fieldManager: "kube-apiserver" }
    yield* client.update(APIService, { ...service, status: { ...service.status, conditions } }, options)
  })

  const reconcile = Effect.fn("Availability.reconcile")(function* (key: Key) {
    const service = all.get(key)
    if (service === undefined) return
    const port = Reach.servicePortOf(service)
    if (port === undefined) return yield* say(service, local)
    const { name, namespace } = port
    const fault = standing(port, services.get({ namespace, name }), slices.by("service", `${namespace}/${name}`))
    const verdict = fault ?? (yield* checked(reach, service))
    yield* say(service, verdict)
    return Controllers.again(verdict.status === "True" ? again.passed : again.failed)
  })

  const concerned = (namespace: string, name: string) =>
    all.by("service", `${namespace}/${name}`).map(({ metadata }) => ({ namespace: "", name: metadata.name }))
  yield* Controllers.run({
    name: "apiservice-availability",
    triggers: [
      Controllers.each(all),
      Controllers.on(services, ({ metadata: { name, namespace = "" } }) => concerned(namespace, name)),
      Controllers.on(slices, ({ metadata: { labels, namespace = "" } }) =>
        concerned(namespace, labels?.[serviceLabel] ?? "")
      )
    ],
    reconcile
  })
})
