/**
 * A program for the tests of flanneld: a node of the cluster, in the network namespace that it is started in, with the cluster reached
 * as any node reaches it. `Member.ts KUBECONFIG INDEX BACKEND DIRECTORY`; it ends by a signal, and takes back what it made.
 */
import * as NodeRuntime from "@effect/platform-node/NodeRuntime"
import * as NodeServices from "@effect/platform-node/NodeServices"
import { Console, Effect, Layer, Option } from "effect"
import { join } from "node:path"
import * as Https from "../../adapters/client/https/Https.ts"
import * as Kubeconfig from "../../adapters/client/https/Kubeconfig.ts"
import * as Flannel from "../../adapters/cni/flannel/Flannel.ts"
import * as ApiClient from "../../kernel/client/ApiClient.ts"
import { Client } from "../../kernel/client/Client.ts"
import { Node } from "../../plugins/resources/contracts/core/v1.ts"
import * as Fabric from "./Fabric.ts"

const [kubeconfig = "", number = "", backend = "", directory = ""] = process.argv.slice(2)
const index = Number(number)
const nodeName = `n${index}`

const register = Effect.gen(function* () {
  const client = yield* Client
  if (Option.isSome(yield* client.find(Node, { namespace: "", name: nodeName }))) return
  const [podCIDR = "", ...others] = Fabric.rangesOf(index)
  yield* client.create(Node, {
    metadata: { name: nodeName },
    spec: { podCIDR, podCIDRs: [podCIDR, ...others] }
  })
  const addresses = Fabric.addressesOf(index).map((address) => ({ type: "InternalIP", address }))
  // The cluster's controllers write it too.
  yield* client.get(Node, { namespace: "", name: nodeName }).pipe(
    Effect.flatMap((node) =>
      client.update(Node, { ...node, status: { ...node.status, addresses } }, { subresource: "status" })
    ),
    Effect.retry({ while: ({ _tag }) => _tag === "Conflict", times: 20 })
  )
})

const program = Effect.gen(function* () {
  const options = yield* Kubeconfig.read(kubeconfig)
  const { ca = "", clientCertificate: cert = "", clientKey: key = "", server } = options
  const about = {
    ...{ directory: join(directory, "cni"), nodeName, addresses: Fabric.addressesOf(index), podCidrs: Fabric.podCidrs }
  }
  const api = Effect.succeed({ server, ca, cert, key })
  const flannel =
    backend === "flanneld"
      ? Flannel.plugin({ ...about, backend, api })
      : Flannel.plugin({ ...about, backend: backend === "host-gw" ? "host-gw" : "vxlan" })
  yield* Effect.gen(function* () {
    yield* register
    yield* Layer.build(flannel.layer)
    yield* Console.log("ready")
    yield* Effect.never
  }).pipe(Effect.provide(Layer.provide(ApiClient.layer, Https.layer(options))))
}).pipe(Effect.scoped, Effect.provide(NodeServices.layer))

NodeRuntime.runMain(program)
