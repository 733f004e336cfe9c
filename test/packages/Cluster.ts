/** A control plane in this process; its two nodes are objects, and nobody misses them. */
import { Effect, FileSystem, Layer } from "effect"
import { join } from "node:path"
import * as ControlPlane from "../../bin/ControlPlane.ts"
import * as Keys from "../../bin/Keys.ts"
import * as Paths from "../../bin/Paths.ts"
import * as Ready from "../../bin/Ready.ts"
import * as Server from "../../bin/Server.ts"
import * as Settings from "../../bin/Settings.ts"
import { freePort } from "../../kernel/FreePort.ts"
import { Client } from "../../kernel/client/Client.ts"
import type { Log } from "../../kernel/store/Log.ts"
import * as MemoryLog from "../../kernel/store/memory/MemoryLog.ts"
import { Node } from "../../plugins/resources/contracts/core/v1.ts"
import { draftOf } from "../scheduler/Nodes.ts"

/** `log`: where all is kept, if not in memory. */
export const clusterOf = Effect.fnUntraced(function* (
  wished: Partial<Settings.Settings>,
  log: (settings: Settings.Settings, paths: Paths.Paths) => Layer.Layer<Log, unknown> = () => MemoryLog.layer
) {
  const files = yield* FileSystem.FileSystem
  const home = yield* files.makeTempDirectoryScoped({ prefix: "keelson-author-" })
  const settings: Settings.Settings = {
    ...Settings.defaults(),
    dataDir: join(home, ".keelson"),
    nodeName: "n1",
    nodeIp: "127.0.0.1",
    apiPort: yield* freePort,
    store: "memory",
    controllers: ["*", "-node-lifecycle"],
    ...wished
  }
  const paths = Paths.make(settings.dataDir, settings.nodeName)
  const keys = yield* Keys.openServer(settings, paths)
  const options = yield* Server.optionsOf(settings, paths)
  yield* Layer.build(ControlPlane.controlPlane({ ...options, log: log(settings, paths) }))
  const client = yield* Effect.provide(Client, yield* Layer.build(Ready.client(settings, keys)))
  for (const name of ["n1", "n2"]) {
    const { metadata, status } = draftOf(name)
    yield* client.create(Node, { metadata: { name, labels: metadata.labels } })
    // Others write it, too.
    const key = { namespace: "", name }
    yield* client.patch(Node, key, "merge", { status: { allocatable: status.allocatable } }, { subresource: "status" })
    yield* client.patch(Node, key, "merge", { spec: { taints: null } })
  }
  return { home, kubeconfig: paths.kubeconfig, client }
})

export const cluster = clusterOf({})
