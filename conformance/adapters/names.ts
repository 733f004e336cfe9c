/** Servers of the cluster's names: the built-in one, CoreDNS, and whatever answers at an address. */
import { Effect, Layer } from "effect"
import { join } from "node:path"
import * as Https from "../../adapters/client/https/Https.ts"
import * as CoreDns from "../../adapters/dns/coredns/CoreDns.ts"
import * as ApiClient from "../../kernel/client/ApiClient.ts"
import { ClusterDns } from "../../plugins/dns/contracts/ClusterDns.ts"
import * as Dns from "../../plugins/dns/Dns.ts"
import { type Adapter, checked, kit, type Site } from "../Adapter.ts"
import * as Outside from "../cluster-dns/Outside.ts"
import * as World from "../cluster-dns/World.ts"
import { suite } from "../ClusterDns.ts"
import * as ControlPlane from "../stage/ControlPlane.ts"
import * as Machine from "../stage/Machine.ts"

const [address, domain] = [["10.96.0.10", "fd00:96::a"], "cluster.local"]
const world = Layer.provide(World.layer(), ControlPlane.client)

/** Where a node has it, against an API of ours; it asks the servers of the checks for what it does not know. */
const started = (server: (upstream: ReadonlyArray<string>) => Layer.Layer<ClusterDns, unknown, ControlPlane.ControlPlane>) =>
  Layer.unwrap(Effect.map(Outside.Outside, ({ servers }) => server(servers.map((one) => one.address)))).pipe(
    Layer.merge(world),
    Layer.provideMerge(Outside.layer()),
    Layer.provide(ControlPlane.layer)
  )

const builtIn = started((upstream) => Layer.provide(Dns.layer({ address, domain, upstream }), ControlPlane.client))
const coredns = (directory: string) =>
  started((upstream) =>
    Layer.unwrap(
      Effect.map(ControlPlane.ControlPlane, (api) => CoreDns.layer({ address, domain, upstream, directory, api }))
    )
  )

const why = "no server outside that it asks is ours (--outside ADDRESS:PORT,ADDRESS:PORT where it shall ask)"
/** What cannot be seen of a server that asks nobody of ours. */
export const lacking = {
  "outside/asked": why,
  "outside/failover": why,
  "outside/nobody": why,
  "outside/kept": why,
  "outside/absent": why,
  "alias/name": why
}

/** A stranger's: what it is nobody says but its address. */
const stranger = ({ endpoint = "", given }: Site) => {
  const about = { name: "stranger", version: "unknown", addresses: [endpoint], domain: given["domain"] || domain }
  const server = Layer.succeed(ClusterDns, {
    describe: () => Effect.succeed(about),
    health: () => Effect.succeed({ ready: true, detail: "", restarts: 0 })
  })
  const api = Layer.provide(ApiClient.layer, Https.fromKubeconfig(given["kubeconfig"] ?? ""))
  const all = Layer.merge(server, Layer.provide(World.layer(), api))
  const [first, second] = (given["outside"] ?? "").split(",")
  return first === undefined || second === undefined
    ? kit(all, checked(suite, { lacking }))
    : kit(Layer.provideMerge(all, Outside.layer([first, second])), checked(suite))
}

const node = () => [...Machine.root(), ...Machine.lacking("ip", "nsenter")]

export const adapters: ReadonlyArray<Adapter> = [
  {
    name: "builtin",
    title: "the built-in server",
    isAlone: true,
    lacks: node,
    kits: { "cluster-dns": () => kit(builtIn, checked(suite)) }
  },
  {
    name: "coredns",
    title: "CoreDNS",
    isAlone: true,
    lacks: () => [...node(), ...Machine.lacking("coredns")],
    kits: { "cluster-dns": ({ directory }) => kit(coredns(join(directory, "coredns")), checked(suite)) }
  },
  {
    name: "stranger",
    title: "a server at an address",
    isAlone: false,
    isElsewhere: true,
    lacks: () => ["a server (--endpoint ADDRESS:PORT --kubeconfig FILE of the cluster whose names it knows)"],
    endpoint: { words: "ADDRESS:PORT", pattern: /^\[?[0-9a-fA-F.:]+\]?:\d+$/ },
    kits: { "cluster-dns": stranger }
  }
]
