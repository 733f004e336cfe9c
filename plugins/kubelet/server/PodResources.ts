/**
 * Which devices Pods have, for programs of this machine that watch over devices: a gRPC service at a socket, for whoever may open it.
 * Source: podresources/v1 of k8s.io/kubelet.
 */
import * as grpc from "@grpc/grpc-js"
import { Effect, Schema } from "effect"
import { chmodSync, rmSync } from "node:fs"
import { dirname } from "node:path"
import protobuf from "protobufjs"
import { isLive } from "../../../kernel/LiveSocket.ts"
import * as MadeFolder from "../../../kernel/MadeFolder.ts"
import type { Container, Pod } from "../../resources/contracts/core/v1.ts"
import type { Site } from "../Site.ts"

const text = (id: number) => ({ id, type: "string" })
const many = (id: number, type: string) => ({ id, type, rule: "repeated" })
const fields = (fields: { readonly [name: string]: protobuf.IField }) => ({ fields })

const types = protobuf.Root.fromJSON({
  nested: {
    Nothing: fields({}),
    NumaNode: fields({ id: { id: 1, type: "int64" } }),
    Topology: fields({ nodes: many(1, "NumaNode") }),
    Devices: fields({ resource: text(1), ids: many(2, "string"), topology: { id: 3, type: "Topology" } }),
    CdiDevice: fields({ name: text(1) }),
    ClaimResource: fields({
      cdiDevices: many(1, "CdiDevice"),
      driver: text(2),
      pool: text(3),
      device: text(4),
      share: { ...text(5), options: { proto3_optional: true } }
    }),
    Claim: fields({ name: text(2), namespace: text(3), resources: many(4, "ClaimResource") }),
    Container: fields({ name: text(1), devices: many(2, "Devices"), claims: many(5, "Claim") }),
    PodResources: fields({ name: text(1), namespace: text(2), containers: many(3, "Container") }),
    Listed: fields({ pods: many(1, "PodResources") }),
    Allocatable: fields({ devices: many(1, "Devices") }),
    Asked: fields({ name: text(1), namespace: text(2) }),
    Found: fields({ pod: { id: 1, type: "PodResources" } })
  }
})

const method = (name: string, request: string, response: string): grpc.MethodDefinition<unknown, object> => {
  const [asked, answered] = [types.lookupType(request), types.lookupType(response)]
  return {
    path: `/v1.PodResourcesLister/${name}`,
    requestStream: false,
    responseStream: false,
    requestSerialize: () => Buffer.alloc(0),
    requestDeserialize: (bytes) => asked.toObject(asked.decode(bytes), { defaults: true }),
    responseSerialize: (message) => Buffer.from(answered.encode(answered.fromObject(message)).finish()),
    responseDeserialize: () => ({})
  }
}

const Asked = Schema.decodeUnknownOption(Schema.Struct({ name: Schema.String, namespace: Schema.String }))

interface Listed {
  readonly resource: string
  readonly devices: ReadonlyArray<{ readonly id: string; readonly numaNodes?: ReadonlyArray<number> }>
}

/** One entry a device, and one for each NUMA node that it is near to. */
const shown = (all: ReadonlyArray<Listed>) =>
  all.flatMap(({ devices, resource }) =>
    devices.flatMap(({ id, numaNodes = [] }) => {
      const one = { resource, ids: [id] }
      return numaNodes.length === 0 ? [one] : numaNodes.map((node) => ({ ...one, topology: { nodes: [{ id: node }] } }))
    })
  )

const isSidecar = ({ restartPolicy }: Container) => restartPolicy === "Always"

const answers = (site: Site) => {
  const ofPod = (pod: Pod) => {
    const {
      metadata: { name, namespace, uid },
      spec
    } = pod
    return {
      name,
      namespace,
      containers: [...(spec.initContainers ?? []).filter(isSidecar), ...spec.containers].map((container) => ({
        name: container.name,
        devices: shown(site.devices.of(uid, container.name)),
        claims: site.resourceClaims.of(pod, container).map(({ claim, devices, namespace }) => ({
          name: claim,
          namespace,
          resources: devices.map(({ cdiDevices, ...one }) => ({ ...one, cdiDevices: cdiDevices.map((name) => ({ name })) }))
        }))
      }))
    }
  }
  const isActive = ({ status: { phase } }: Pod) => phase !== "Succeeded" && phase !== "Failed"
  return {
    list: () => ({ pods: site.pods.all().filter(isActive).map(ofPod) }),
    allocatable: () => ({ devices: shown(site.devices.allocatable()) }),
    find: (namespace: string, name: string) => {
      const pod = site.pods.get({ namespace, name })
      return pod === undefined ? undefined : { pod: ofPod(pod) }
    }
  }
}

type Call = { readonly request: unknown }

const listening = (server: grpc.Server, socket: string) =>
  Effect.callback<void, Error>((resume) =>
    server.bindAsync(`unix://${socket}`, grpc.ServerCredentials.createInsecure(), (error) =>
      resume(error === null ? Effect.void : Effect.fail(error))
    )
  )

/** Until the scope closes. Where it cannot be had, or another kubelet has it, the node does without. */
export const serve = (site: Site, socket: string) => {
  const { allocatable, find, list } = answers(site)
  const server = new grpc.Server()
  server.addService(
    {
      list: method("List", "Nothing", "Listed"),
      allocatable: method("GetAllocatableResources", "Nothing", "Allocatable"),
      get: method("Get", "Asked", "Found")
    },
    {
      list: (_: Call, answer: grpc.sendUnaryData<object>) => answer(null, list()),
      allocatable: (_: Call, answer: grpc.sendUnaryData<object>) => answer(null, allocatable()),
      get: ({ request }: Call, answer: grpc.sendUnaryData<object>) => {
        const asked = Asked(request)
        const { name, namespace } = asked._tag === "Some" ? asked.value : { name: "", namespace: "" }
        const found = find(namespace, name)
        if (found !== undefined) return answer(null, found)
        return answer({ code: grpc.status.UNKNOWN, details: `pod ${name} in namespace ${namespace} not found` })
      }
    }
  )
  const end = Effect.sync(() => {
    server.forceShutdown()
    rmSync(socket, { force: true })
  })
  const begun = Effect.gen(function* () {
    if (yield* isLive(socket)) return yield* Effect.logWarning(`another kubelet serves ${socket}`)
    yield* MadeFolder.made(dirname(socket))
    yield* Effect.try(() => rmSync(socket, { force: true }))
    yield* Effect.acquireRelease(listening(server, socket), () => end)
    yield* Effect.try(() => chmodSync(socket, 0o660))
  })
  return Effect.catch(begun, (error) => Effect.logWarning(`the devices of Pods are not told at ${socket}`, error))
}
