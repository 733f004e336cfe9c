/** `keelson virtual-node`: nodes whose Pods a service runs. */
import { Effect } from "effect"
import { Command, Flag } from "effect/cli"
import { administratorFlags, flags, kubeconfigOf, listed, settingsOf } from "./Flags.ts"

export const virtualNode = Command.make(
  "virtual-node",
  {
    ...administratorFlags,
    nodeIp: flags.nodeIp,
    service: listed(
      "service",
      "What runs their Pods: hollow, ecs (tasks of Fargate), or a package as plugin:///home/me/PACKAGE",
      "hollow"
    ),
    config: listed("service-config", "A file with its configuration: see adapters/cloud/aws", ""),
    count: Flag.Int("count").pipe(Flag.withDescription("How many nodes"), Flag.withDefault(1)),
    prefix: listed("prefix", "What they are called; of several with a number behind it", "virtual")
  },
  Effect.fnUntraced(function* ({ config, count, prefix, service, ...given }) {
    const VirtualNode = yield* Effect.promise(() => import("./VirtualNode.ts"))
    const kubeconfig = yield* kubeconfigOf(given)
    yield* VirtualNode.run(yield* settingsOf(given), { service, config, count, name: prefix, kubeconfig })
  })
).pipe(Command.withDescription("Runs nodes without a machine, any number in one process: a service runs their Pods"))
