/** A whole cluster in this process, as `keelson up --runtime hollow --store memory` composes it in two. */
import * as NodeServices from "@effect/platform-node/NodeServices"
import { Effect, FileSystem, Layer } from "effect"
import { freePort } from "../../kernel/FreePort.ts"
import * as Agent from "../../bin/Agent.ts"
import * as ControlPlane from "../../bin/ControlPlane.ts"
import * as Keys from "../../bin/Keys.ts"
import * as Members from "../../bin/Members.ts"
import * as Node from "../../bin/Node.ts"
import * as Paths from "../../bin/Paths.ts"
import * as Ready from "../../bin/Ready.ts"
import * as Server from "../../bin/Server.ts"
import * as Settings from "../../bin/Settings.ts"
import * as KubeProxy from "../../plugins/kube-proxy/KubeProxy.ts"
import * as MemoryLog from "../../kernel/store/memory/MemoryLog.ts"

/** One that was free a moment ago: the parts find one another by numbers that are in their settings. */
const start = Effect.gen(function* () {
  const files = yield* FileSystem.FileSystem
  const dataDir = yield* files.makeTempDirectoryScoped({ prefix: "keelson-follow-" })
  const settings: Settings.Settings = {
    ...Settings.defaults(),
    dataDir,
    nodeName: "n1",
    nodeIp: "127.0.0.1",
    apiPort: yield* freePort,
    kubeletPort: yield* freePort,
    runtime: "hollow",
    store: "memory"
  }
  const paths = Paths.make(dataDir, settings.nodeName)
  const keys = yield* Keys.open(settings, paths)
  const options = yield* Server.optionsOf(settings, paths)
  yield* Layer.build(ControlPlane.controlPlane({ ...options, log: MemoryLog.layer }))
  const own = Agent.own(settings, keys, Members.first(settings))
  yield* Layer.build(Node.node({ settings, paths, ...own, hollow: true, stop: "keep" }))
  const client = Ready.client(settings, keys)
  // A hollow node leaves its machine's network alone: here the proxy speaks to a program that says yes to everything.
  const proxy = KubeProxy.layer({ nodeName: "n1", podCidr: settings.podCidr, within: ["true"] })
  return yield* Layer.build(Layer.provideMerge(proxy, client))
})

/** The administrator's client of it, over HTTPS. */
export const cluster = Layer.effectContext(start).pipe(Layer.provide(NodeServices.layer))
