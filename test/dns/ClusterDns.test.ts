/** The laws of `ClusterDns` on the built-in server, and the proof that their checks see each of them broken. */
import { Effect, Layer } from "effect"
import { networkInterfaces } from "node:os"
import * as MemoryApi from "../../adapters/memory/MemoryApi.ts"
import { suite } from "../../conformance/ClusterDns.ts"
import * as Outside from "../../conformance/cluster-dns/Outside.ts"
import * as World from "../../conformance/cluster-dns/World.ts"
import * as ApiClient from "../../kernel/client/ApiClient.ts"
import * as Plugin from "../../kernel/plugin/Plugin.ts"
import * as Dns from "../../plugins/dns/Dns.ts"
import { sabotage, verify } from "../Verify.ts"

const client = Layer.provide(ApiClient.layer, MemoryApi.layer())

const hasSix = Object.values(networkInterfaces()).some((all) => all?.some(({ address }) => address === "::1"))
const address = ["127.0.0.1", ...(hasSix ? ["::1"] : [])]

/** Reached through a slot; what it does not know it asks the servers of the checks. */
const server = Layer.unwrap(
  Effect.map(Outside.Outside, ({ servers }) => {
    const upstream = servers.map(({ address }) => address)
    return Plugin.install(Dns.plugin({ address, domain: "cluster.local", port: 0, upstream }))
  })
).pipe(Layer.provide(Plugin.Host.layer))

/** A cluster of two families. */
const world = World.layer({ clusterIPs: ["10.96.0.200", "fd00:96::c8"] })

const all = Layer.mergeAll(server, world).pipe(Layer.provideMerge(Outside.layer()), Layer.provide(client))

verify("built in", suite, all)
sabotage(suite, all)
