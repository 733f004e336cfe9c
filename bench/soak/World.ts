/** What a soak does to its cluster, one step after another, and what has to hold when the cluster has come to rest after each. */
import { Effect, Random, Schedule } from "effect"
import { get } from "node:http"
import { Client } from "../../kernel/client/Client.ts"
import { controllerOf, keyOf } from "../../kernel/resource/Kind.ts"
import { Deployment, ReplicaSet } from "../../plugins/resources/contracts/apps/v1.ts"
import { Namespace, Pod, Service } from "../../plugins/resources/contracts/core/v1.ts"
import { EndpointSlice } from "../../plugins/resources/contracts/discovery/v1.ts"
import { SoakFailed } from "./Cluster.ts"

export const namespace = "soak"
const names = ["a", "b", "c", "d", "e"]
const mostReplicas = 6

const serve = 'mkdir -p /www; echo "$VERSION" > /www/index.html; exec httpd -f -p 8080 -h /www'
const container = (image: string, version: string) => ({
  name: "web",
  image,
  imagePullPolicy: "IfNotPresent",
  command: ["/bin/sh", "-c", serve],
  env: [{ name: "VERSION", value: version }],
  readinessProbe: { httpGet: { port: 8080 }, periodSeconds: 1 },
  lifecycle: { preStop: { exec: { command: ["sleep", "1"] } } }
})
const deployment = (name: string, image: string, version: string, replicas: number) => ({
  metadata: { name, namespace },
  spec: {
    replicas,
    selector: { matchLabels: { app: name } },
    template: {
      metadata: { labels: { app: name } },
      spec: { terminationGracePeriodSeconds: 5, containers: [container(image, version)] }
    }
  }
})
const service = (name: string) => ({
  metadata: { name, namespace },
  spec: { selector: { app: name }, ports: [{ port: 80, targetPort: 8080 }] }
})

const all = Effect.flatMap(Client, (client) =>
  Effect.all(
    {
      deployments: client.list(Deployment, { namespace }),
      sets: client.list(ReplicaSet, { namespace }),
      pods: client.list(Pod, { namespace }),
      services: client.list(Service, { namespace }),
      slices: client.list(EndpointSlice, { namespace })
    },
    { concurrency: "unbounded" }
  )
)
type World = Effect.Success<typeof all>

export const prepare = Effect.flatMap(Client, (client) =>
  Effect.catchTag(client.create(Namespace, { metadata: { name: namespace } }), "AlreadyExists", () => Effect.void)
)

const create = Effect.fnUntraced(function* (name: string, image: string, version: string) {
  const client = yield* Client
  yield* client.create(Deployment, deployment(name, image, version, yield* Random.nextIntBetween(1, mostReplicas)))
  // A soak that was killed between the two has left the Service alone.
  yield* Effect.catchTag(client.create(Service, service(name)), "AlreadyExists", () => Effect.void)
})

/** One step, chosen by the random numbers of the context. Returns what it did. */
export const step = Effect.fn("Soak.step")(function* (image: string, version: string) {
  const client = yield* Client
  const { deployments } = yield* all
  const name = names[yield* Random.nextIntBetween(0, names.length)] ?? "a"
  if (!deployments.some(({ metadata }) => metadata.name === name)) {
    yield* create(name, image, version)
    return "create"
  }
  const key = { namespace, name }
  const dice = yield* Random.nextIntBetween(0, 10)
  if (dice <= 1) {
    yield* client.delete(Service, key)
    yield* client.delete(Deployment, key, { propagationPolicy: dice === 0 ? "Foreground" : "Background" })
    return "delete"
  }
  if (dice <= 5) {
    const replicas = yield* Random.nextIntBetween(0, mostReplicas)
    yield* client.patch(Deployment, key, "merge", { spec: { replicas } })
    return "scale"
  }
  const containers = [container(image, version)]
  yield* client.patch(Deployment, key, "merge", { spec: { template: { spec: { containers } } } })
  return "roll"
})

const isReady = ({ status }: Pod) => status.conditions?.some((one) => one.type === "Ready" && one.status === "True") === true
const owned = (objects: World["pods"] | World["sets"], owners: World["sets"] | World["deployments"]) => {
  const there = new Set(owners.map(({ metadata }) => metadata.uid))
  return objects.filter((object) => !there.has(controllerOf(object)?.uid ?? ""))
}

/** What does not hold yet, or never will. */
const wrongWith = ({ deployments, pods, services, sets, slices }: World): ReadonlyArray<string> => {
  const orphans = [...owned(pods, sets), ...owned(sets, deployments)].map(({ metadata }) => `${metadata.name} has no owner`)
  const each = deployments.flatMap(({ metadata: { generation, name }, spec: { replicas }, status }) => {
    const mine = pods.filter(({ metadata }) => metadata.labels?.["app"] === name)
    const ready = mine.filter(isReady)
    const behind = slices
      .filter(({ metadata }) => metadata.labels?.["kubernetes.io/service-name"] === name)
      .flatMap(({ endpoints }) => endpoints.filter(({ conditions }) => conditions?.ready === true))
    return [
      ...(status.observedGeneration === generation ? [] : [`${name} is not looked at`]),
      ...(mine.length === replicas ? [] : [`${name} has ${mine.length} Pods instead of ${replicas}`]),
      ...(ready.length === replicas ? [] : [`${name} has ${ready.length} ready Pods instead of ${replicas}`]),
      ...((status.updatedReplicas ?? 0) === replicas ? [] : [`${name} has old Pods`]),
      ...(behind.length === replicas ? [] : [`${name} has ${behind.length} endpoints instead of ${replicas}`])
    ]
  })
  const lost = services.filter(({ metadata }) => !deployments.some((one) => one.metadata.name === metadata.name))
  return [...orphans, ...each, ...lost.map(({ metadata }) => `the Service ${metadata.name} is left`)]
}

/** The text at a URL; a failure says why there is none. */
const textAt = (url: string) =>
  Effect.callback<string, SoakFailed>((resume) => {
    const failed = (cause: Error) => resume(new SoakFailed({ message: `${url} does not answer: ${cause.message}` }))
    const call = get(url, { timeout: 2000, agent: false }, (response) => {
      let text = ""
      response.setEncoding("utf8").on("data", (chunk: string) => {
        text += chunk
      })
      response.on("end", () => resume(Effect.succeed(text.trim())))
    })
    call.on("timeout", () => call.destroy(new Error("it takes longer than 2 seconds")))
    call.on("error", failed)
    return Effect.sync(() => call.destroy())
  })

/** Every Service with Pods answers on its cluster IP, each time with a new connection. */
const answer = Effect.fnUntraced(function* ({ deployments, services }: World) {
  for (const { metadata, spec } of services) {
    const behind = deployments.find((one) => keyOf(one).name === metadata.name)
    if (spec?.clusterIP === undefined || (behind?.spec.replicas ?? 0) === 0) continue
    for (let call = 0; call < 5; call++) yield* textAt(`http://${spec.clusterIP}/`)
  }
})

/** Waits until everything holds, and fails if that takes too long. */
export const rest = Effect.fn("Soak.rest")(function* (calls: boolean) {
  let last: ReadonlyArray<string> = []
  const settled = Effect.map(all, (world) => {
    last = wrongWith(world)
    return last.length === 0 ? world : undefined
  })
  const world = yield* settled.pipe(
    Effect.repeat({ schedule: Schedule.spaced("250 millis"), until: (world) => world !== undefined }),
    Effect.timeoutOrElse({
      duration: "2 minutes",
      orElse: () => new SoakFailed({ message: `the cluster did not come to rest within 2 minutes: ${last.join("; ")}` })
    })
  )
  // A node programs what it hears of within a moment.
  if (calls && world !== undefined)
    yield* Effect.retry(answer(world), { schedule: Schedule.spaced("200 millis"), times: 10 })
})
