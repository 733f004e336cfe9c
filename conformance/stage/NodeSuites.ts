/** The suites of the contracts that a node's packages offer: each has the machine to itself, in a network namespace of its own. */
import { Effect, Layer, type Schema } from "effect"
import { chmodSync, mkdirSync } from "node:fs"
import { dirname, join } from "node:path"
import * as MemoryApi from "../../adapters/memory/MemoryApi.ts"
import * as Program from "../../adapters/Program.ts"
import * as Wire from "../../adapters/cri/wire/Wire.ts"
import * as Https from "../../adapters/client/https/Https.ts"
import type { Api } from "../../kernel/client/Api.ts"
import type { Contract } from "../../kernel/plugin/Contract.ts"
import type { Identifier } from "../../kernel/plugin/Plugin.ts"
import { Volumes } from "../../plugins/volumes/contracts/Volumes.ts"
import { ClusterDns } from "../../plugins/dns/contracts/ClusterDns.ts"
import { IngressProxy } from "../../plugins/ingress/contracts/IngressProxy.ts"
import { ServiceProxy } from "../../plugins/kube-proxy/contracts/ServiceProxy.ts"
import type { NodeFacts } from "../../plugins/packages/contracts/NodeFacts.ts"
import * as NodeContracts from "../../plugins/packages/node/NodeContracts.ts"
import { lacking } from "../adapters/names.ts"
import { suites } from "../adapters/runtimes.ts"
import { checked, kit, type Told } from "../Adapter.ts"
import * as World from "../cluster-dns/World.ts"
import * as Ingress from "../IngressProxy.ts"
import * as Dns from "../ClusterDns.ts"
import * as Attachment from "../NetworkAttachment.ts"
import * as Configuration from "../NetworkConfiguration.ts"
import * as Proxy from "../ServiceProxy.ts"
import * as VolumesKit from "../Volumes.ts"
import { Place } from "../volumes/Use.ts"
import * as ControlPlane from "./ControlPlane.ts"
import * as Listeners from "./Listeners.ts"
import * as Machine from "./Machine.ts"

/** Starts the package for these contracts. `options`: what its module is called with. */
export type Start = <const Contracts extends ReadonlyArray<Contract<unknown, unknown>>>(
  contracts: Contracts,
  options?: Schema.Json
) => Layer.Layer<Identifier<Contracts[number]>, unknown, Api>

export interface OnNode {
  readonly contracts: ReadonlyArray<string>
  readonly lacks: () => ReadonlyArray<string>
  /** `directory`: of the node, and of nobody else. */
  readonly check: (start: Start, directory: string) => Effect.Effect<void, unknown, Told>
}

// A small range: a law is about one that is full.
const podCidr = "10.244.7.0/29"
const address = "10.96.0.10"
const facts = (directory: string, within: ReadonlyArray<string> = []): { readonly node: NodeFacts } => ({
  node: {
    name: "n1",
    address: "127.0.0.1",
    directory: join(directory, "own"),
    podCidr: within.length > 0 ? Proxy.podCidr : podCidr,
    serviceCidr: "10.96.0.0/16",
    dns: { address: [address], domain: "cluster.local", port: 53, held: true },
    ingress: { addresses: ["127.0.0.1"], directory: join(directory, "ingress") },
    network: { directory: join(directory, "network") },
    ...(within.length > 0 && { within })
  }
})

const keysOf = (contracts: ReadonlyArray<{ readonly key: string }>) => contracts.map(({ key }) => key)
const memory = MemoryApi.layer()

const dns: OnNode = {
  contracts: [ClusterDns.key],
  lacks: () => [...Machine.root(), ...Machine.lacking("ip")],
  check: (start, directory) => {
    const held = Layer.effectDiscard(Program.run("ip", ["address", "replace", `${address}/32`, "dev", "lo"]))
    const api = Layer.unwrap(
      Effect.map(ControlPlane.ControlPlane, ({ ca, cert, key, server }) =>
        Https.layer({ server, ca, clientCertificate: cert, clientKey: key })
      )
    )
    const server = Layer.provide(start([ClusterDns], facts(directory)), Layer.provideMerge(api, held))
    const all = Layer.merge(server, Layer.provide(World.layer(), ControlPlane.client))
    return kit(Layer.provide(all, ControlPlane.layer), checked(Dns.suite, { lacking }))
  }
}

const proxy: OnNode = {
  contracts: [ServiceProxy.key],
  lacks: () => [
    ...Machine.root(),
    ...Machine.lacking("ip", "nsenter", "nft", "conntrack", "iptables-restore", "iptables-save")
  ],
  check: (start, directory) =>
    kit(
      Proxy.harness((within) => Layer.provide(start([ServiceProxy], facts(directory, within)), memory)),
      checked(Proxy.suite)
    )
}

const network: OnNode = {
  contracts: keysOf(NodeContracts.network),
  lacks: Machine.network,
  check: (start, directory) => {
    const both = Layer.provide(start(NodeContracts.network, facts(directory)), memory)
    const attached = Layer.mergeAll(Machine.configured(join(directory, "net.d"), [podCidr]), Machine.namespaces(directory))
    return Effect.andThen(
      kit(both, checked(Configuration.suite)),
      kit(Layer.provideMerge(attached, both), checked(Attachment.suite))
    )
  }
}

const runtime: OnNode = {
  contracts: keysOf(NodeContracts.runtime),
  lacks: Machine.root,
  check: (start, directory) =>
    kit(Layer.provide(start(NodeContracts.runtime, facts(directory)), memory), Wire.hasImage("busybox"), ...suites)
}

const ingress: OnNode = {
  contracts: [IngressProxy.key],
  lacks: Machine.root,
  check: (start, directory) => {
    mkdirSync(directory, { recursive: true })
    // Who serves may not be root, and has to come to its files.
    for (const path of [dirname(directory), directory]) chmodSync(path, 0o755)
    const proxy = Layer.provide(start([IngressProxy], facts(directory)), memory)
    return kit(Layer.merge(proxy, Layer.succeed(Ingress.Victim, Listeners.kill)), checked(Ingress.suite))
  }
}

const volumes: OnNode = {
  contracts: [Volumes.key],
  lacks: Machine.root,
  check: (start, directory) => {
    const pods = join(directory, "pods")
    mkdirSync(pods, { recursive: true })
    const driver = Layer.provide(start([Volumes], facts(directory)), memory)
    return kit(Layer.merge(driver, Place.layer({ directory: pods })), checked(VolumesKit.suite))
  }
}

export const all: ReadonlyArray<OnNode> = [dns, ingress, proxy, network, runtime, volumes]

/** Of a package that offers these, all that one of them takes. */
export const of = (offers: ReadonlyArray<string>) =>
  all.filter(({ contracts }) => contracts.every((key) => offers.includes(key)))
