/**
 * A program for the tests of container runtimes: in a network namespace of its own it checks the laws of the kubelet's contracts with
 * the real runtime of a name, in a folder given, and prints a line for each.
 */
import { Console, Effect, Exit, Layer } from "effect"
import { join } from "node:path"
import * as Bridge from "../../adapters/cni/bridge/Bridge.ts"
import * as ImageArchive from "../../adapters/cri/ImageArchive.ts"
import * as ContainerRuntime from "../../conformance/ContainerRuntime.ts"
import * as Events from "../../conformance/Events.ts"
import * as Exec from "../../conformance/Exec.ts"
import * as Images from "../../conformance/Images.ts"
import * as Logs from "../../conformance/Logs.ts"
import * as NetworkConfigurationLaws from "../../conformance/NetworkConfiguration.ts"
import * as Stats from "../../conformance/Stats.ts"
import * as Suite from "../../conformance/Suite.ts"
import { NetworkConfiguration } from "../../plugins/kubelet/contracts/NetworkConfiguration.ts"
import * as Runtimes from "./Runtimes.ts"

const [, , name = "", directory = ""] = process.argv
const runtime = Runtimes.all[name]
if (runtime === undefined) throw new Error(`there is no runtime ${name}`)
const folder = runtime.cni?.(directory) ?? join(directory, "net.d")

const network = Bridge.layer({ directory: join(directory, "cni"), bridge: "kt-node0" })
const configured = Layer.effectDiscard(
  Effect.gen(function* () {
    const { remove, write } = yield* NetworkConfiguration
    yield* write({ folder, podCidrs: ["10.244.7.0/24"] })
    yield* Effect.addFinalizer(() => Effect.ignore(remove({ folder })))
  })
)

const program = Effect.gen(function* () {
  const files = ImageArchive.busybox("/bin/busybox")
  yield* runtime.importImage(directory, ImageArchive.make({ name: "busybox:latest", files, command: ["sh"] }))
  const reports = [
    Suite.report(ContainerRuntime.suite),
    Suite.report(Events.suite),
    Suite.report(Images.suite),
    Suite.report(Exec.suite),
    Suite.report(Logs.suite),
    Suite.report(Stats.suite),
    Suite.report(NetworkConfigurationLaws.suite)
  ]
  for (const report of reports) yield* Effect.forEach(yield* report, (line) => Console.log(line))
})

const node = runtime.layer(directory, "remove").pipe(Layer.provideMerge(configured), Layer.provideMerge(network))
const exit = await Effect.runPromiseExit(Effect.scoped(Effect.provide(program, node)))
if (Exit.isFailure(exit)) console.error(exit.cause)
