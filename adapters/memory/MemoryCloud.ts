/**
 * A cloud in memory: machines, load balancers in several parts (an address, a listener for each port, the targets) and routes. Each
 * part is made by a call of its own, and `around` is where tests let calls fail. It keeps the laws of the cloud's contracts.
 */
import { Context, Effect, Layer, Result } from "effect"
import type { Unavailable } from "../../kernel/plugin/Contract.ts"
import { InstanceNotFound, type NodeReference, Refused } from "../../plugins/cloud/contracts/Cloud.ts"
import { IngressBalancers } from "../../plugins/cloud/contracts/IngressBalancers.ts"
import { Instances } from "../../plugins/cloud/contracts/Instances.ts"
import {
  type LoadBalancer,
  LoadBalancerNotFound,
  LoadBalancers,
  type ServiceReference,
  type Wanted
} from "../../plugins/cloud/contracts/LoadBalancers.ts"
import { type Route, Routes } from "../../plugins/cloud/contracts/Routes.ts"
import { Zones } from "../../plugins/cloud/contracts/Zones.ts"
import * as MemoryIngressBalancers from "./MemoryIngressBalancers.ts"

export interface Machine {
  readonly id: string
  readonly name: string
  readonly zone: string
  readonly address: string
  readonly state: "running" | "stopped"
}

interface Balancer {
  readonly cluster: string
  readonly service: ServiceReference
  readonly ip: string
  readonly ports: Map<string, LoadBalancer["ports"][number]>
  targets: ReadonlyArray<string>
}

/** What is done with a call: it may be failed before or after it was done, or never answered. */
export type Around = <A, E>(call: Effect.Effect<A, E>) => Effect.Effect<A, E | Unavailable>
const honest: Around = (call) => call

const prefix = "memory://"
const portOf = ({ port, protocol }: { readonly port: number; readonly protocol: string }) => `${protocol} ${port}`

const make = () => {
  const machines = new Map<string, Machine>()
  const balancers = new Map<string, Balancer>()
  const routes = new Map<string, Route & { readonly cluster: string }>()
  let made = 0
  let around = honest
  const call = <A, E>(act: () => Result.Result<A, E>) =>
    Effect.suspend(() => around(Effect.suspend(() => Effect.fromResult(act()))))

  const ingresses = MemoryIngressBalancers.make(call)

  const machineOf = ({ name, providerID }: NodeReference): Result.Result<Machine, InstanceNotFound | Refused> => {
    if (providerID !== "" && !providerID.startsWith(prefix))
      return Result.fail(new Refused({ reason: `${providerID} is not of this cloud` }))
    const found = machines
      .values()
      .find((machine) => (providerID === "" ? machine.name === name : `${prefix}${machine.id}` === providerID))
    return Result.fromNullishOr(found, () => new InstanceNotFound({ instance: providerID || name }))
  }
  const find = (node: NodeReference) => call(() => machineOf(node))

  const launch = (name: string, zone: string) =>
    Effect.sync(() => {
      const id = `m-${++made}`
      const machine = { id, name, zone, address: `192.0.2.${made % 256}`, state: "running" } as const
      machines.set(name, machine)
      return machine
    })
  const stop = (name: string) =>
    Effect.sync(() => {
      const machine = machines.get(name)
      if (machine !== undefined) machines.set(name, { ...machine, state: "stopped" })
    })
  const terminate = (name: string) => Effect.sync(() => machines.delete(name))

  const told = ({ ip, ports, service, targets }: Balancer): LoadBalancer => ({
    service,
    ingress: [{ ip, hostname: "", ipMode: "VIP" }],
    ports: [...ports.values()],
    targets
  })
  const own = (cluster: string, { uid }: ServiceReference) => {
    const found = balancers.get(uid)
    return found?.cluster === cluster ? found : undefined
  }
  const existing = (cluster: string, service: ServiceReference) =>
    call(() => Result.fromNullishOr(own(cluster, service), () => new LoadBalancerNotFound({ service: service.name })))

  const created = (cluster: string, { address, service }: Wanted) =>
    call(() => {
      if (address !== "") return Result.fail(new Refused({ reason: `this cloud has no address ${address} to give` }))
      const ip = `198.51.100.${++made % 256}`
      const balancer = own(cluster, service) ?? { cluster, service, ip, ports: new Map(), targets: [] }
      balancers.set(service.uid, balancer)
      return Result.succeed(balancer)
    })
  const listening = Effect.fnUntraced(function* ({ ports }: Balancer, { ports: wanted }: Wanted) {
    const names = new Set(wanted.map(portOf))
    yield* Effect.forEach(
      [...ports.keys()].filter((name) => !names.has(name)),
      (name) => call(() => Result.succeed(ports.delete(name)))
    )
    yield* Effect.forEach(wanted, ({ nodePort, port, protocol }) => {
      const one = { protocol, port, nodePort }
      return call(() => Result.succeed(ports.set(portOf(one), one)))
    })
  })
  const directed = (balancer: Balancer, targets: ReadonlyArray<{ readonly providerID: string }>) =>
    call(() => Result.succeed((balancer.targets = targets.map(({ providerID }) => providerID))))

  return {
    machines,
    launch,
    stop,
    terminate,
    setAround: (other: Around = honest) => {
      around = other
    },
    /** All parts of balancers and routes. */
    inventory: () =>
      [
        ...balancers
          .values()
          .flatMap(({ ports, service, targets }) => [
            `balancer of ${service.name}`,
            ...ports.keys().map((port) => `listener ${port}`),
            ...targets.map(() => "target")
          ]),
        ...ingresses.inventory(),
        ...routes.values().map(({ destination }) => `route ${destination}`)
      ].toSorted(),
    instances: Instances.of({
      describe: () => Effect.succeed({ provider: "memory" }),
      find: ({ node }) =>
        Effect.map(find(node), ({ address, id, name, state }) => ({
          providerID: `${prefix}${id}`,
          instanceType: "m1.small",
          addresses: [
            { type: "InternalIP", address },
            { type: "Hostname", address: name }
          ],
          shutdown: state === "stopped"
        }))
    }),
    zones: Zones.of({
      list: () => Effect.succeed(["a", "b"].map((zone) => ({ zone, region: "memory" }))),
      find: ({ node }) => Effect.map(find(node), ({ zone }) => ({ zone, region: "memory" }))
    }),
    loadBalancers: LoadBalancers.of({
      get: ({ cluster, service }) =>
        Effect.map(
          call(() => Result.succeed(own(cluster, service))),
          (found) => (found === undefined ? null : told(found))
        ),
      ensure: Effect.fnUntraced(function* ({ cluster, targets, wanted }) {
        const balancer = yield* created(cluster, wanted)
        yield* listening(balancer, wanted)
        yield* directed(balancer, targets)
        return told(balancer)
      }),
      update: ({ cluster, targets, wanted }) =>
        Effect.asVoid(Effect.flatMap(existing(cluster, wanted.service), (balancer) => directed(balancer, targets))),
      remove: Effect.fnUntraced(function* ({ cluster, service }) {
        const balancer = yield* call(() => Result.succeed(own(cluster, service)))
        if (balancer === undefined) return
        for (const name of [...balancer.ports.keys()]) yield* call(() => Result.succeed(balancer.ports.delete(name)))
        yield* call(() => Result.succeed(balancers.delete(service.uid)))
      }),
      list: ({ cluster }) =>
        call(() =>
          Result.succeed(
            [...balancers.values()].flatMap((balancer) => (balancer.cluster === cluster ? [balancer.service] : []))
          )
        )
    }),
    ingressBalancers: ingresses.contract,
    routes: Routes.of({
      list: ({ cluster }) => call(() => Result.succeed([...routes.values()].filter((route) => route.cluster === cluster))),
      create: Effect.fnUntraced(function* ({ cluster, destination, node }) {
        const { id } = yield* find(node)
        const route = { cluster, destination, name: destination, providerID: `${prefix}${id}`, blackhole: false }
        yield* call(() => Result.succeed(routes.set(destination, route)))
      }),
      delete: ({ route }) => Effect.asVoid(call(() => Result.succeed(routes.delete(route.name))))
    })
  }
}

export class MemoryCloud extends Context.Service<MemoryCloud, ReturnType<typeof make>>()("adapters/memory/MemoryCloud") {
  static readonly layer = Layer.effectContext(
    Effect.sync(() => {
      const cloud = make()
      return Context.make(MemoryCloud, cloud).pipe(
        Context.add(Instances, cloud.instances),
        Context.add(Zones, cloud.zones),
        Context.add(LoadBalancers, cloud.loadBalancers),
        Context.add(IngressBalancers, cloud.ingressBalancers),
        Context.add(Routes, cloud.routes)
      )
    })
  )
}
