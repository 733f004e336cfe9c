/** What a package may do: of the API by a role of its own, of the machine by what its isolate grants. */
import { Effect } from "effect"
import { same } from "../../kernel/resource/JsonEqual.ts"
import { Client } from "../../kernel/client/Client.ts"
import type { Budgets, Grants } from "../../kernel/plugin/Isolate.ts"
import type { OwnerReference } from "../../kernel/resource/Metadata.ts"
import { ClusterRole, ClusterRoleBinding } from "../resources/contracts/rbac/v1.ts"
import type { Manifest } from "./contracts/Manifest.ts"
import { userOf } from "./contracts/PluginUser.ts"

export { userOf }

const group = "rbac.authorization.k8s.io"
const roleOf = (plugin: string) => `system:plugin:${plugin}`

/** The role and its binding, as the manifests of what runs have it now. They go with their Plugin. */
export const granted = Effect.fnUntraced(function* (
  plugin: string,
  owner: OwnerReference,
  manifests: ReadonlyArray<Manifest>
) {
  const client = yield* Client
  const name = roleOf(plugin)
  const rules = manifests.flatMap(({ permissions }) => permissions?.rules ?? [])
  const metadata = { name, ownerReferences: [owner] }
  const found = yield* client.find(ClusterRole, { namespace: "", name })
  if (found._tag === "None") yield* client.create(ClusterRole, { metadata, rules })
  else if (!same(found.value.rules, rules)) yield* client.update(ClusterRole, { ...found.value, rules })
  const bound = yield* client.find(ClusterRoleBinding, { namespace: "", name })
  if (bound._tag === "Some") return
  yield* client.create(ClusterRoleBinding, {
    metadata,
    roleRef: { apiGroup: group, kind: "ClusterRole", name },
    subjects: [{ apiGroup: group, kind: "User", name: userOf(plugin).name }]
  })
})

const writable = ":rw"

/** Its own directory can always be read. */
export const grantsOf = ({ permissions = {} }: Manifest, directory: string): Grants => {
  const { commands = [], environment = [], files = [], network = [] } = permissions
  return {
    files: {
      read: [directory, ...files.filter((file) => !file.endsWith(writable))],
      write: files.filter((file) => file.endsWith(writable)).map((file) => file.slice(0, -writable.length))
    },
    network,
    commands,
    environment
  }
}

export const budgetsOf = ({ life = {}, resources = {} }: Manifest, callMillis: number | undefined): Budgets => {
  const { cpuMillis, memoryMiB, pids } = resources
  const { messagesPerSecond, silentSeconds } = life
  return {
    ...(callMillis !== undefined && { callMillis }),
    ...(silentSeconds !== undefined && { silentMillis: silentSeconds * 1000 }),
    ...(messagesPerSecond !== undefined && { messages: messagesPerSecond }),
    ...(memoryMiB !== undefined && { memoryBytes: memoryMiB * 2 ** 20 }),
    ...(cpuMillis !== undefined && { cpus: cpuMillis / 1000 }),
    ...(pids !== undefined && { pids })
  }
}
