/** What a runtime says of itself, and by which handlers it runs Pods. Those before the CRI had words for them show their configuration. */
import { Effect, Option, Schema } from "effect"
import type { Handler } from "../../plugins/kubelet/contracts/ContainerRuntime.ts"
import type { Cri } from "./Cri.ts"
import * as Replies from "./Replies.ts"

/** Of the configuration of containerd's CRI plugin, as it is shown before version 2. */
const Configuration = Schema.fromJsonString(
  Schema.Struct({ containerd: Schema.Struct({ runtimes: Schema.Record(Schema.String, Schema.Unknown) }) })
)

const told = ({ runtime_handlers }: Replies.Status): ReadonlyArray<Handler> =>
  runtime_handlers.map(({ features, name }) => ({
    name,
    ...(features && {
      features: {
        recursiveReadOnlyMounts: features.recursive_read_only_mounts,
        userNamespaces: features.user_namespaces
      }
    })
  }))

const shown = ({ info }: Replies.Status): ReadonlyArray<Handler> =>
  Option.match(Schema.decodeUnknownOption(Configuration)(info["config"]), {
    onNone: () => [],
    onSome: ({ containerd }) => Object.keys(containerd.runtimes).map((name) => ({ name }))
  })

/** The one without a name is there also where nobody says so. */
const withDefault = (handlers: ReadonlyArray<Handler>) =>
  handlers.some(({ name }) => name === "") ? handlers : [{ name: "" }, ...handlers]

export const describe = Effect.fn("cri.describe")(function* (cri: Cri["Service"]) {
  const { runtime_name, runtime_version } = yield* cri.call("Version", Replies.Version, {})
  const status = yield* cri.call("Status", Replies.Status, { verbose: true }, "10 seconds")
  const { features } = status
  return {
    name: runtime_name,
    version: runtime_version,
    network: "runtime" as const,
    handlers: withDefault(status.runtime_handlers.length > 0 ? told(status) : shown(status)),
    ...(features && { features: { supplementalGroupsPolicy: features.supplemental_groups_policy } })
  }
})
