/** The machine in memory keeps the laws of the kubelet's contracts, and each check sees its law broken. */
import * as MemoryContainerRuntime from "../../adapters/memory/MemoryContainerRuntime.ts"
import * as MemoryNetworkAttachment from "../../adapters/memory/MemoryNetworkAttachment.ts"
import * as MemoryPowers from "../../adapters/memory/MemoryPowers.ts"
import * as ContainerRuntime from "../../conformance/ContainerRuntime.ts"
import * as Events from "../../conformance/Events.ts"
import * as Exec from "../../conformance/Exec.ts"
import * as Images from "../../conformance/Images.ts"
import * as Logs from "../../conformance/Logs.ts"
import * as NetworkAttachment from "../../conformance/NetworkAttachment.ts"
import * as NetworkConfiguration from "../../conformance/NetworkConfiguration.ts"
import * as Stats from "../../conformance/Stats.ts"
import * as Isolate from "../../kernel/plugin/Isolate.ts"
import { Layer } from "effect"
import * as Levels from "../plugin/Levels.ts"
import { installed, sabotage, verify } from "../Verify.ts"

const options = { network: "runtime", images: ["busybox"], registry: ["busybox"] } as const
const machine = MemoryPowers.layer(options)
const given = MemoryContainerRuntime.layer({ network: "given", images: ["busybox"] })
const module = new URL("../../adapters/memory/MemoryContainerRuntime.ts", import.meta.url)

verify("in memory", ContainerRuntime.suite, machine)
verify("in memory, given a network", ContainerRuntime.suite, given)
verify("through a slot", ContainerRuntime.suite, installed(MemoryContainerRuntime.plugin))
for (const { how, name: level } of Levels.here) {
  const { name } = MemoryContainerRuntime.plugin
  const isolated = Isolate.run({
    name,
    module,
    offers: [ContainerRuntime.suite.contract, Events.suite.contract],
    needs: [],
    ...how
  })
  verify(`through a slot, isolated as ${level}`, ContainerRuntime.suite, installed(isolated))
  verify(`through a slot, isolated as ${level}`, Events.suite, installed(isolated))
}
sabotage(ContainerRuntime.suite, machine)

verify("in memory", Events.suite, machine)
verify("through a slot", Events.suite, installed(MemoryContainerRuntime.plugin))
sabotage(Events.suite, machine)

verify("in memory", Images.suite, machine)
sabotage(Images.suite, machine)
verify("in memory", Exec.suite, machine)
sabotage(Exec.suite, machine)
verify("in memory", Logs.suite, machine)
sabotage(Logs.suite, machine)
verify("in memory", Stats.suite, machine)
sabotage(Stats.suite, machine)

const network = (layer: ReturnType<typeof MemoryNetworkAttachment.layer>) =>
  Layer.merge(layer, NetworkAttachment.Namespaces.names)
const families = [
  { prefix: "10.0.0.", size: 253 },
  { prefix: "fd00::", size: 14 }
]
verify("in memory", NetworkAttachment.suite, network(MemoryNetworkAttachment.layer()))
verify("in memory, of both families", NetworkAttachment.suite, network(MemoryNetworkAttachment.layer(families)))
sabotage(NetworkAttachment.suite, network(MemoryNetworkAttachment.layer()))

verify("in memory", NetworkConfiguration.suite, machine)
sabotage(NetworkConfiguration.suite, machine)
