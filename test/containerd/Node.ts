/**
 * A program for the tests of containerd: it runs in a network namespace of its own, checks the laws with a real containerd in a
 * folder given, and prints what it found as JSON.
 */
import { Console, Effect, Exit, Layer } from "effect"
import { join } from "node:path"
import * as Bridge from "../../adapters/cni/bridge/Bridge.ts"
import * as Containerd from "../../adapters/cri/containerd/Containerd.ts"
import * as ImageArchive from "../../adapters/cri/ImageArchive.ts"
import * as Events from "../../conformance/Events.ts"
import * as Exec from "../../conformance/Exec.ts"
import * as Images from "../../conformance/Images.ts"
import * as Logs from "../../conformance/Logs.ts"
import * as NetworkConfigurationLaws from "../../conformance/NetworkConfiguration.ts"
import * as Stats from "../../conformance/Stats.ts"
import * as ContainerRuntime from "../../conformance/ContainerRuntime.ts"
import * as Suite from "../../conformance/Suite.ts"
import { NetworkConfiguration } from "../../plugins/kubelet/contracts/NetworkConfiguration.ts"

const directory = process.argv[2] ?? ""
const options = { directory: join(directory, "containerd"), stop: "remove" } as const
const { cni, socket } = Containerd.folders(options)

const network = Bridge.layer({ directory: join(directory, "cni"), bridge: "kt-node0" })
const configured = Layer.effectDiscard(
  Effect.gen(function* () {
    const { remove, write } = yield* NetworkConfiguration
    yield* write({ folder: cni, podCidrs: ["10.244.7.0/24"] })
    yield* Effect.addFinalizer(() => Effect.ignore(remove({ folder: cni })))
  })
)

const program = Effect.gen(function* () {
  const busybox = ImageArchive.make({ name: "busybox:latest", files: ImageArchive.busybox("/bin/busybox"), command: ["sh"] })
  yield* Containerd.importImage(socket, busybox)
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

const node = Containerd.layer(options).pipe(Layer.provideMerge(configured), Layer.provideMerge(network))
const exit = await Effect.runPromiseExit(Effect.scoped(Effect.provide(program, node)))
if (Exit.isFailure(exit)) console.error(exit.cause)
