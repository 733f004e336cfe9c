/**
 * A proxy that reads the API by itself, as `ServiceProxy`: what is to be programmed is written as Services and EndpointSlices, and a
 * Service of our own that is written last tells by being answered that all before it is programmed.
 */
import { Effect, Layer, Schedule } from "effect"
import { Client } from "../../kernel/client/Client.ts"
import {
  NotProgrammed,
  type ProxiedService,
  ServiceProxy,
  type ServicePort
} from "../../plugins/kube-proxy/contracts/ServiceProxy.ts"
import { Namespace, Node, Service, type ServiceDraft } from "../../plugins/resources/contracts/core/v1.ts"
import { EndpointSlice } from "../../plugins/resources/contracts/discovery/v1.ts"
import { addresses, podPort, type Within } from "./Bed.ts"
import * as Peers from "./Peers.ts"

export const nodeName = "laws-node"
const namespace = "laws"
const fieldManager = "laws"

const portNameOf = ({ port, protocol }: ServicePort) => `p-${port}-${protocol}`
const sliceOf = (name: string, { family, port, protocol }: ServicePort) =>
  `${name}-${port}-${protocol}-${family.toLowerCase()}`
const localName = (name: string) => name.slice(name.indexOf("/") + 1)
const unique = <A>(all: ReadonlyArray<A>) => [...new Set(all)]

const specOf = (ports: ReadonlyArray<ServicePort>): NonNullable<ServiceDraft["spec"]> => {
  const clusterIPs = unique(ports.map(({ clusterIP }) => clusterIP))
  const affinity = Math.max(...ports.map(({ affinitySeconds }) => affinitySeconds))
  const [first] = ports
  const isExternal = ports.some(({ loadBalancerIPs, nodePort }) => loadBalancerIPs.length > 0 || nodePort !== 0)
  const nodePortOf = (name: string) => ports.find((one) => portNameOf(one) === name && one.nodePort !== 0)?.nodePort
  return {
    type: ports.some(({ loadBalancerIPs }) => loadBalancerIPs.length > 0)
      ? "LoadBalancer"
      : isExternal
        ? "NodePort"
        : "ClusterIP",
    clusterIP: clusterIPs[0] ?? "",
    clusterIPs,
    ipFamilies: unique(ports.map(({ family }) => family)),
    ipFamilyPolicy: clusterIPs.length > 1 ? "RequireDualStack" : "SingleStack",
    ports: unique(ports.map(portNameOf)).flatMap((name) => {
      const one = ports.find((port) => portNameOf(port) === name)
      const nodePort = nodePortOf(name)
      if (one === undefined) return []
      return [{ name, port: one.port, protocol: one.protocol.toUpperCase(), ...(nodePort !== undefined && { nodePort }) }]
    }),
    externalIPs: unique(ports.flatMap(({ externalIPs }) => externalIPs)),
    loadBalancerSourceRanges: unique(ports.flatMap(({ sourceRanges }) => sourceRanges)),
    internalTrafficPolicy: first?.internalPolicy ?? "Cluster",
    ...(isExternal || ports.some(({ externalIPs }) => externalIPs.length > 0)
      ? { externalTrafficPolicy: first?.externalPolicy ?? "Cluster" }
      : {}),
    ...(affinity === 0
      ? { sessionAffinity: "None" }
      : { sessionAffinity: "ClientIP", sessionAffinityConfig: { clientIP: { timeoutSeconds: affinity } } })
  }
}

const make = Effect.fnUntraced(function* (name: string, node: Within) {
  const client = yield* Client
  const failed = <A, E extends { readonly message: string }>(effect: Effect.Effect<A, E>) =>
    Effect.mapError(effect, ({ message }) => new NotProgrammed({ reason: message }))
  const known = new Map<string, ReadonlyArray<string>>()
  let round = 0

  yield* client.create(Namespace, { metadata: { name: namespace } })
  yield* client.create(Node, { metadata: { name: nodeName } })
  const nodeAddresses = [addresses.IPv4.node, addresses.IPv6.node].map((address) => ({ type: "InternalIP", address }))
  yield* client.patch(
    Node,
    { namespace: "", name: nodeName },
    "merge",
    { status: { addresses: nodeAddresses } },
    { subresource: "status" }
  )

  const remove = Effect.fnUntraced(function* (service: string) {
    for (const slice of known.get(service) ?? [])
      yield* Effect.ignore(client.delete(EndpointSlice, { namespace, name: slice }))
    yield* Effect.ignore(client.delete(Service, { namespace, name: service }))
    known.delete(service)
  })

  const writeSlice = (service: string, port: ServicePort) => {
    const all = [...port.endpoints, ...port.localEndpoints]
    const body = {
      apiVersion: "discovery.k8s.io/v1",
      kind: "EndpointSlice",
      metadata: { namespace, name: sliceOf(service, port), labels: { "kubernetes.io/service-name": service } },
      addressType: port.family,
      ports: [{ name: portNameOf(port), port: all[0]?.port ?? podPort, protocol: port.protocol.toUpperCase() }],
      endpoints: unique(all.map(({ address }) => address)).map((address) => ({
        addresses: [address],
        conditions: { ready: true, serving: true, terminating: false },
        nodeName: all.find((one) => one.address === address)?.local ? nodeName : "elsewhere"
      }))
    }
    return client.patch(EndpointSlice, { namespace, name: body.metadata.name }, "apply", body, { fieldManager })
  }

  const write = Effect.fnUntraced(function* (service: string, ports: ReadonlyArray<ServicePort>) {
    const [key, spec] = [{ namespace, name: service }, specOf(ports)]
    const before = yield* client.find(Service, key)
    // Addresses cannot be changed: that is another Service.
    if (before._tag === "Some" && before.value.spec?.clusterIPs?.join() !== spec.clusterIPs?.join()) yield* remove(service)
    const body = { apiVersion: "v1", kind: "Service", metadata: key, spec: JSON.parse(JSON.stringify(spec)) }
    yield* client.patch(Service, key, "apply", body, { fieldManager })
    const ingress = unique(ports.flatMap(({ loadBalancerIPs }) => loadBalancerIPs)).map((ip) => ({ ip, ipMode: "VIP" }))
    yield* client.patch(Service, key, "merge", { status: { loadBalancer: { ingress } } }, { subresource: "status" })
    const slices = ports.map((port) => sliceOf(service, port))
    for (const slice of known.get(service) ?? []) {
      if (!slices.includes(slice)) yield* Effect.ignore(client.delete(EndpointSlice, { namespace, name: slice }))
    }
    for (const port of ports) yield* writeSlice(service, port)
    known.set(service, slices)
  })

  /** Answered when all that was written before is programmed. */
  const marker = Effect.gen(function* () {
    const address = `10.96.255.${(++round % 250) + 1}`
    const [before, mine] = [`marker-${round - 1}`, `marker-${round}`]
    yield* remove(before)
    const endpoint = { address: addresses.IPv4.pod1, port: podPort, local: true }
    const port: ServicePort = {
      ...{ name: "", family: "IPv4", protocol: "tcp", clusterIP: address, port: 80, nodePort: 0, affinitySeconds: 0 },
      ...{ externalIPs: [], loadBalancerIPs: [], sourceRanges: [], internalPolicy: "Cluster", externalPolicy: "Cluster" },
      ...{ endpoints: [endpoint], localEndpoints: [endpoint] }
    }
    yield* write(mine, [port])
    const knock = Peers.sh(`${node.join(" ")} timeout 1 bash -c 'echo > /dev/tcp/${address}/80' 2>&1`)
    yield* knock.pipe(
      Effect.retry(Schedule.spaced("50 millis")),
      Effect.timeout("30 seconds"),
      Effect.mapError(() => new NotProgrammed({ reason: `${name} has not programmed what was written` }))
    )
  })

  const sync = Effect.fnUntraced(function* (whole: boolean, services: ReadonlyArray<ProxiedService>) {
    const given = new Set(services.map((one) => localName(one.name)))
    if (whole)
      for (const service of known.keys()) if (!given.has(service) && !service.startsWith("marker-")) yield* remove(service)
    for (const one of services) {
      if (one.ports.length === 0) yield* remove(localName(one.name))
      else yield* write(localName(one.name), one.ports)
    }
    yield* marker
  })

  const untold = Effect.fail(new NotProgrammed({ reason: `nobody can ask ${name} for that` }))
  return ServiceProxy.of({
    describe: () => Effect.succeed({ name, families: ["IPv4", "IPv6"] }),
    sync: ({ services, whole }) => failed(sync(whole, services)),
    repair: () => untold,
    connections: () => untold,
    remove: () => untold
  })
})

/** Laws that nobody outside can see kept, for want of a way to ask. */
export const lacking = {
  "sync/changes": "how many connections each Service was given, it tells nobody",
  "sync/again": "the rules of the Service that tells when it is done are among its own",
  "sync/restart": "the suite starts it, and has no second one to be killed",
  "repair/lost": "it looks after its rules when it likes, and cannot be asked to",
  "remove/nothing": "it is removed by a run of its own"
}

/** Of upstream's kube-proxy. */
export const deviations = { "udp/follows": "where nobody is left to answer, its UDP flows stay with who answered last" }

export const layer = (name: string, node: Within) => Layer.effect(ServiceProxy, make(name, node))
