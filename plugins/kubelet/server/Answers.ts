/** What the kubelet's server says to a plain request. */
import { Clock, Effect, Stream } from "effect"
import { PrometheusMetrics } from "effect/observability"
import type { ServerResponse } from "node:http"
import type { Pod } from "../../resources/contracts/core/v1.ts"
import { time } from "../../resources/contracts/Time.ts"
import type { Logs } from "../contracts/Logs.ts"
import type { Stats } from "../contracts/Stats.ts"
import type { Site } from "../Site.ts"
import * as MachineUsage from "./MachineUsage.ts"

/** An answer that is no success: its code and its text. */
export interface Refused {
  readonly code: number
  readonly message: string
}
export const refused = (code: number, message: string) => Effect.fail<Refused>({ code, message })

export const send = (response: ServerResponse, code: number, type: string, body: string) =>
  Effect.sync(() => {
    response.writeHead(code, { "content-type": type, "content-length": Buffer.byteLength(body) })
    response.end(body)
  })
export const json = (response: ServerResponse, value: unknown) =>
  send(response, 200, "application/json", JSON.stringify(value))

export const findPod = (site: Site, namespace: string, name: string) =>
  Effect.suspend(() => {
    const pod = site.pods.get({ namespace, name })
    return pod === undefined ? refused(404, `pod "${name}_${namespace}" does not exist`) : Effect.succeed(pod)
  })

/** The attempts of a container, the last one last. */
export const attemptsOf = Effect.fnUntraced(function* (site: Site, { metadata }: Pod, container: string) {
  const sandboxes = yield* Effect.catch(site.runtime.list({ uid: metadata.uid }), () =>
    refused(500, "the runtime does not answer")
  )
  return sandboxes
    .flatMap(({ containers }) => containers.filter(({ name }) => name === container))
    .toSorted((one, other) => one.attempt - other.attempt)
})

const waitingReason = ({ status }: Pod, container: string) =>
  [...(status.containerStatuses ?? []), ...(status.initContainerStatuses ?? [])].find(({ name }) => name === container)
    ?.state?.waiting?.reason ?? "ContainerCreating"

const write = (response: ServerResponse, bytes: Uint8Array) =>
  Effect.callback<void>((resume) => {
    if (response.writableEnded || response.destroyed) return resume(Effect.void)
    if (response.write(bytes)) return resume(Effect.void)
    response.once("drain", () => resume(Effect.void))
  })

const sinceOf = (query: URLSearchParams, now: number) => {
  const seconds = query.get("sinceSeconds")
  return seconds === null ? (query.get("sinceTime") ?? undefined) : new Date(now - Number(seconds) * 1000).toISOString()
}

/** `GET /containerLogs/<namespace>/<pod>/<container>`. */
export const logs = Effect.fnUntraced(function* (
  site: Site,
  { read }: Logs["Service"],
  at: { readonly namespace: string; readonly pod: string; readonly container: string },
  query: URLSearchParams,
  response: ServerResponse
) {
  const pod = yield* findPod(site, at.namespace, at.pod)
  const attempts = yield* attemptsOf(site, pod, at.container)
  const previous = query.get("previous") === "true"
  const chosen = previous ? attempts.at(-2) : attempts.at(-1)
  if (chosen === undefined) {
    const what = previous
      ? `previous terminated container "${at.container}" in pod "${at.pod}" not found`
      : `container "${at.container}" in pod "${at.pod}" is waiting to start: ${waitingReason(pod, at.container)}`
    return yield* refused(400, what)
  }
  const tail = query.get("tailLines")
  const since = sinceOf(query, yield* Clock.currentTimeMillis)
  const only = query.get("stream")?.toLowerCase()
  const follow = query.get("follow") === "true"
  const stamped = query.get("timestamps") === "true"
  let left = Number(query.get("limitBytes") ?? Number.POSITIVE_INFINITY)
  response.writeHead(200, { "content-type": "text/plain" })
  response.flushHeaders()
  const lines = read({
    id: chosen.id,
    follow,
    ...(tail !== null && { tail: Number(tail) }),
    ...(since !== undefined && { since })
  })
  yield* lines.pipe(
    Stream.filter(({ stream }) => only === undefined || only === "all" || only === stream),
    Stream.takeWhile(() => left > 0),
    Stream.mapArray((chunk) => {
      const bytes = Buffer.concat(chunk.flatMap(({ at, line }) => (stamped ? [Buffer.from(`${at} `), line] : [line])))
      const cut = bytes.subarray(0, Math.max(0, Math.min(left, bytes.length)))
      left -= bytes.length
      return [cut]
    }),
    Stream.runForEach((bytes) => write(response, bytes)),
    Effect.catch((failure) => Effect.logDebug("the log ended early", failure))
  )
  response.end()
})

/** `GET /stats/summary`: what each container uses. */
export const summary = Effect.fnUntraced(function* (site: Site, { sample }: Stats["Service"]) {
  const now = time(yield* Clock.currentTimeMillis)
  const samples = yield* Effect.catch(sample(), () => refused(500, "the runtime does not answer"))
  const pods = site.pods.all().map(({ metadata }) => {
    const containers = samples
      .filter(({ uid }) => uid === metadata.uid)
      .map(({ at, cpuNanoseconds, memoryBytes, name, workingSetBytes }) => ({
        name,
        startTime: now,
        cpu: { time: at || now, usageCoreNanoSeconds: cpuNanoseconds },
        memory: { time: at || now, usageBytes: memoryBytes, workingSetBytes }
      }))
    const sum = (of: (one: (typeof containers)[number]) => number) => containers.reduce((total, one) => total + of(one), 0)
    return {
      podRef: { name: metadata.name, namespace: metadata.namespace ?? "", uid: metadata.uid },
      startTime: metadata.creationTimestamp,
      containers,
      cpu: { time: now, usageCoreNanoSeconds: sum(({ cpu }) => cpu.usageCoreNanoSeconds) },
      memory: {
        time: now,
        usageBytes: sum(({ memory }) => memory.usageBytes),
        workingSetBytes: sum(({ memory }) => memory.workingSetBytes)
      }
    }
  })
  const { cpuNanoseconds, memoryBytes, workingSetBytes } = MachineUsage.read()
  return {
    node: {
      nodeName: site.settings.nodeName,
      startTime: now,
      cpu: { time: now, usageCoreNanoSeconds: cpuNanoseconds },
      memory: { time: now, usageBytes: memoryBytes, workingSetBytes }
    },
    pods
  }
})

/** `GET /metrics`: what this process counts, and how much runs here. */
export const metrics = Effect.fnUntraced(function* (site: Site) {
  const own = yield* PrometheusMetrics.format()
  const pods = site.pods.all()
  const running = pods.filter(({ status }) => status.phase === "Running")
  const containers = running.flatMap(({ status }) => status.containerStatuses ?? []).filter(({ state }) => state?.running)
  const gauge = (name: string, help: string, value: number) =>
    `# HELP ${name} ${help}\n# TYPE ${name} gauge\n${name} ${value}\n`
  return [
    own === "" || own.endsWith("\n") ? own : `${own}\n`,
    gauge("kubelet_running_pods", "Number of pods that have a running pod sandbox", running.length),
    gauge("kubelet_running_containers", "Number of containers currently running", containers.length),
    gauge("kubelet_desired_pods", "The number of pods the kubelet is being instructed to run", pods.length)
  ].join("")
})
