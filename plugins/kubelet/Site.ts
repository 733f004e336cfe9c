/** What all workers of a node share: where things lie, and whom to ask. */
import { Clock, Context, Effect, Latch, type Option, Semaphore } from "effect"
import { readFileSync } from "node:fs"
import { join } from "node:path"
import { Client } from "../../kernel/client/Client.ts"
import type { Cache } from "../../kernel/table/Table.ts"
import { ConfigMap, type Container, Node, Pod, Secret, Service } from "../resources/contracts/core/v1.ts"
import * as EventRecorder from "../resources/contracts/EventRecorder.ts"
import { ContainerRuntime } from "./contracts/ContainerRuntime.ts"
import { Events } from "./contracts/Events.ts"
import { Exec } from "./contracts/Exec.ts"
import { Images } from "./contracts/Images.ts"
import { Stats } from "./contracts/Stats.ts"
import type { Allocation } from "./pod/Allocation.ts"
import type { ClusterDns } from "./pod/Dns.ts"
import type { ClaimDrivers } from "./devices/ClaimDrivers.ts"
import * as Devices from "./devices/Devices.ts"
import * as ResourceClaims from "./devices/ResourceClaims.ts"
import type { Providers } from "./devices/Providers.ts"
import type { Sources } from "./pod/Environment.ts"
import type { Place } from "./pod/Fields.ts"
import * as Handlers from "./node/Handlers.ts"
import * as Machine from "./node/Machine.ts"
import type * as CredentialProviders from "./images/CredentialProviders.ts"
import * as PulledImages from "./images/PulledImages.ts"
import * as Pulls from "./images/Pulls.ts"
import * as Claims from "./volumes/Claims.ts"
import * as Driven from "./volumes/Driven.ts"

export interface Settings {
  readonly nodeName: string
  /** Where Pods have their folders. */
  readonly directory: string
  /** Where containers write what they say: one folder for each Pod. */
  readonly logDirectory: string
  readonly addresses: ReadonlyArray<string>
  readonly dns: ClusterDns
  readonly cgroupRoot: string
  /** Pods without containers: nothing is mounted, and nothing is asked over the network. */
  readonly hollow: boolean
  readonly maxPods: number
  /** How many images are pulled at once. */
  readonly parallelPulls: number
  readonly credentialProviders: CredentialProviders.CredentialProviders
  readonly devices: Providers
  readonly claimDrivers: ClaimDrivers
}

const fileOr = (path: string) =>
  Effect.orElseSucceed(
    Effect.try(() => readFileSync(path, "utf8")),
    () => ""
  )

/** How long an object that was read may be used again, milliseconds. */
const fresh = 2000

/** ConfigMaps and Secrets of Pods, read when they are needed. */
const objects = (client: Client["Service"]) => {
  const known = new Map<string, { readonly at: number; readonly found: Option.Option<ConfigMap> | Option.Option<Secret> }>()
  const read = <A>(kind: string, namespace: string, name: string, find: Effect.Effect<Option.Option<A>, unknown>) =>
    Effect.gen(function* () {
      const now = yield* Clock.currentTimeMillis
      const path = `${kind}/${namespace}/${name}`
      const before = known.get(path)
      // Under its path lies what `find` of the same kind gave, hence the cast.
      if (before !== undefined && now - before.at < fresh) return before.found as Option.Option<A>
      const found = yield* find
      known.set(path, { at: now, found: found as Option.Option<ConfigMap> })
      if (known.size > 1000) known.clear()
      return found
    })
  return {
    configMap: (namespace: string, name: string) => read("c", namespace, name, client.find(ConfigMap, { namespace, name })),
    secret: (namespace: string, name: string) => read("s", namespace, name, client.find(Secret, { namespace, name }))
  }
}

/** The names of what a Pod's containers and volumes are made of. */
const references = ({ spec }: Pod) => {
  const containers = [...spec.containers, ...(spec.initContainers ?? [])]
  const maps = new Set<string>()
  const secrets = new Set<string>()
  for (const { env = [], envFrom = [] } of containers) {
    for (const { configMapRef, secretRef } of envFrom) {
      if (configMapRef?.name) maps.add(configMapRef.name)
      if (secretRef?.name) secrets.add(secretRef.name)
    }
    for (const { valueFrom } of env) {
      if (valueFrom?.configMapKeyRef?.name) maps.add(valueFrom.configMapKeyRef.name)
      if (valueFrom?.secretKeyRef?.name) secrets.add(valueFrom.secretKeyRef.name)
    }
  }
  for (const { configMap, projected, secret } of spec.volumes ?? []) {
    if (configMap?.name) maps.add(configMap.name)
    if (secret?.secretName) secrets.add(secret.secretName)
    for (const source of projected?.sources ?? []) {
      if (source.configMap?.name) maps.add(source.configMap.name)
      if (source.secret?.name) secrets.add(source.secret.name)
    }
  }
  return { maps, secrets }
}

export const make = Effect.fnUntraced(function* (settings: Settings) {
  const client = yield* Client
  const runtime = yield* ContainerRuntime
  const events = yield* Events
  const images = yield* Images
  const exec = yield* Exec
  const stats = yield* Stats
  const record = yield* EventRecorder.make({ component: "kubelet", host: settings.nodeName })
  const pods = yield* client.cache(Pod, {
    indexes: { uid: ({ metadata }) => [metadata.uid] },
    selection: { fieldSelector: `spec.nodeName=${settings.nodeName}` }
  })
  const services: Cache<Service, "namespace"> = yield* client.cache(Service, {
    indexes: { namespace: ({ metadata }) => [metadata.namespace ?? ""] }
  })
  const nodes = yield* client.cache(Node, {
    indexes: {},
    selection: { fieldSelector: `metadata.name=${settings.nodeName}` }
  })
  const ownNode = () => nodes.get({ namespace: "", name: settings.nodeName })
  const handlerOf = yield* Handlers.make(client, ownNode)
  const machine = yield* Machine.read
  const described = yield* runtime.describe()
  const permits = yield* Semaphore.make(2 * machine.cpus + 4)
  const lookup = objects(client)
  const devices = yield* Devices.make({ providers: settings.devices, file: join(settings.directory, "devices.json") })
  const file = join(settings.directory, "resource-claims.json")
  const resourceClaims = ResourceClaims.make({ client, drivers: settings.claimDrivers, file })
  const driven = yield* Driven.make({ client, nodeName: settings.nodeName, directory: settings.directory })

  const sources = Effect.fnUntraced(function* (pod: Pod) {
    const { maps, secrets } = references(pod)
    const namespace = pod.metadata.namespace ?? ""
    const both = { concurrency: "unbounded" } as const
    const foundMaps = yield* Effect.forEach(maps, (name) => lookup.configMap(namespace, name), both)
    const foundSecrets = yield* Effect.forEach(secrets, (name) => lookup.secret(namespace, name), both)
    const byName = <A extends { readonly metadata: { readonly name: string } }>(found: ReadonlyArray<Option.Option<A>>) =>
      new Map(found.flatMap((one) => (one._tag === "Some" ? [[one.value.metadata.name, one.value] as const] : [])))
    const [configMaps, ofSecrets] = [byName(foundMaps), byName(foundSecrets)]
    const claimed: Claims.Found = settings.hollow
      ? { folders: new Map(), driven: new Map() }
      : yield* Claims.find(client, pod)
    const inline = Driven.inline(pod)
    return {
      configMap: (name) => configMaps.get(name),
      secret: (name) => ofSecrets.get(name),
      folder: (volume) => claimed.folders.get(volume),
      driven: (volume) => claimed.driven.get(volume) ?? inline.get(volume)
    } satisfies Sources
  })

  const place = (podIps: ReadonlyArray<string>): Place => ({
    nodeName: settings.nodeName,
    hostIps: settings.addresses,
    podIps,
    allocatable: { cpu: `${machine.cpus}`, memory: `${machine.memoryBytes}` }
  })

  const tell = (pod: Pod, type: "Normal" | "Warning", reason: string, message: string, container?: Container) => {
    const has = (containers: ReadonlyArray<{ readonly name: string }> = []) =>
      containers.some(({ name }) => name === container?.name)
    const { ephemeralContainers, initContainers } = pod.spec
    const list = has(initContainers) ? "initContainers" : has(ephemeralContainers) ? "ephemeralContainers" : "containers"
    const part = container === undefined ? {} : { fieldPath: `spec.${list}{${container.name}}` }
    return record({ kind: Pod, object: pod, type, reason, message, ...part })
  }

  return {
    settings,
    client,
    runtime,
    events,
    images,
    /** Who knows how to log in where images are. */
    credentialProviders: settings.credentialProviders,
    pulls: yield* Pulls.make(settings.parallelPulls),
    pulledImages: yield* PulledImages.make(join(settings.directory, "pulled-images.json")),
    exec,
    stats,
    pods,
    services,
    /** Of this node alone. */
    nodes,
    ownNode,
    handlerOf,
    machine,
    /** Volumes of drivers. */
    driven,
    devices,
    resourceClaims,
    /** What the Pods of this node have been given, by uid. */
    allocations: new Map<string, Allocation>(),
    /** When this kubelet started; its name stands in ids of containers: `containerd://…`. */
    described,
    /** Beyond so many at once a runtime does each later and none sooner. */
    busy: <A, E, R>(work: Effect.Effect<A, E, R>) => permits.withPermit(work),
    /** Open when Pods can be attached to the network. */
    networkReady: Latch.makeUnsafe(),
    /** The services of exec, for checks and hooks. */
    powers: Context.make(Exec, exec),
    sources,
    place,
    tell,
    hostResolv: fileOr("/etc/resolv.conf"),
    hostHosts: fileOr("/etc/hosts"),
    directoryOf: (uid: string) => join(settings.directory, "pods", uid),
    logsOf: ({ metadata }: Pod) => join(settings.logDirectory, `${metadata.namespace}_${metadata.name}_${metadata.uid}`)
  }
})

export type Site = Effect.Success<ReturnType<typeof make>>
