/** `keelson plugin dev`: the package in a cluster with a hollow node, loaded again whenever one of its files is saved. */
import { Console, Effect, Path, Schedule, Schema } from "effect"
import { spawn } from "node:child_process"
import { fileURLToPath } from "node:url"
import { freePort } from "../../kernel/FreePort.ts"
import { Client } from "../../kernel/client/Client.ts"
import { root } from "../../kernel/plugin/Outside.ts"
import { Plugin } from "../../plugins/packages/contracts/v1alpha1.ts"
import * as Package from "../../plugins/packages/Package.ts"
import * as Admin from "./Admin.ts"

class NoDevCluster extends Schema.TaggedError<NoDevCluster>()("NoDevCluster", { message: Schema.String }) {}

/** A cluster without containers, below the package's directory; it ends with the scope. Its kubeconfig. */
const cluster = Effect.fnUntraced(function* (directory: string) {
  const paths = yield* Path.Path
  const data = paths.join(directory, ".keelson")
  const [api, kubelet] = [yield* freePort, yield* freePort]
  const flags = { "data-dir": data, "api-port": api, "kubelet-port": kubelet, runtime: "hollow", "node-name": "dev" }
  const args = Object.entries(flags).flatMap(([flag, value]) => [`--${flag}`, String(value)])
  const kubeconfig = paths.join(data, "kubeconfig")
  const child = yield* Effect.acquireRelease(
    Effect.sync(() =>
      spawn(process.execPath, [fileURLToPath(new URL("bin/keelson", root)), "up", ...args], {
        stdio: ["ignore", "ignore", "inherit"]
      })
    ),
    (child) =>
      Effect.callback<void>((resume) => {
        if (child.exitCode !== null) return resume(Effect.void)
        child.once("exit", () => resume(Effect.void))
        child.kill("SIGINT")
      })
  )
  const answers = Admin.on(
    kubeconfig,
    Effect.flatMap(Client, (client) => client.list(Plugin))
  )
  yield* Effect.suspend(() =>
    child.exitCode === null
      ? answers
      : Effect.die(new NoDevCluster({ message: "the cluster has ended; its words are above" }))
  ).pipe(
    Effect.retry(Schedule.spaced("300 millis")),
    Effect.timeoutOrElse({
      duration: "90 seconds",
      orElse: () => Effect.fail(new NoDevCluster({ message: "the cluster does not come up: keelson up --runtime hollow" }))
    })
  )
  yield* Console.log(`a cluster with a hollow node is there: export KUBECONFIG=${kubeconfig}`)
  return kubeconfig
})

/** So often it is looked whether a file was saved, in any folder of the package: systems that tell of it tell of one folder each. */
const every = "300 millis"

/** Into this cluster; without one, into one of its own. Until it is interrupted. */
export const run = Effect.fn("PluginDev.run")(function* (directory: string, given: string | undefined) {
  const paths = yield* Path.Path
  const place = paths.resolve(directory)
  yield* Package.manifest(place)
  const kubeconfig = given ?? (yield* cluster(place))
  let [loaded, seen] = ["", ""]
  const load = Effect.gen(function* () {
    const digest = yield* Package.digest(place)
    if (digest === loaded) return
    loaded = digest
    yield* Admin.on(kubeconfig, Admin.load(place, {}))
  }).pipe(Effect.catch((error) => Console.log(`${error.message}`)))
  yield* Console.log(`${place} is loaded again whenever it is saved; Ctrl-C ends it`)
  // An editor may take a file away before it puts another in its place: what is not whole now is looked at again.
  const look = Effect.gen(function* () {
    const saved = yield* Effect.orElseSucceed(Package.saved(place), () => seen)
    if (saved === seen) return
    seen = saved
    yield* load
  })
  yield* Effect.repeat(look, Schedule.spaced(every))
}, Effect.scoped)
