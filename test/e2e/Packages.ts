/** Packages of the examples in a cluster that runs: from directories outside of the project, as somebody else would have them. */
import { Effect } from "effect"
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import type { Schema } from "effect"
import { Client } from "../../kernel/client/Client.ts"
import { Plugin, PluginConfiguration } from "../../plugins/packages/contracts/v1alpha1.ts"
import { Node } from "../../plugins/resources/contracts/core/v1.ts"
import * as NodeState from "../../plugins/packages/contracts/NodeState.ts"
import { eventually, find, list } from "./Eventually.ts"

export interface Package {
  readonly name: string
  readonly path: string
}

const key = (name: string) => ({ namespace: "", name })

/** A folder of copies, until the scope ends. */
export const copies = Effect.map(
  Effect.acquireRelease(
    Effect.sync(() => mkdtempSync(join(tmpdir(), "kt-packages-"))),
    (folder) => Effect.sync(() => rmSync(folder, { recursive: true, force: true }))
  ),
  (folder) => (name: string) =>
    Effect.sync((): Package => {
      const path = join(folder, name)
      cpSync(join(import.meta.dirname, "..", "..", "examples", name), path, { recursive: true })
      return { name, path }
    })
)

/** On all nodes, in this version. */
const runs = ({ name }: Package, version: string) =>
  eventually(`${name} ${version} runs`, 20, find(Plugin, key(name)), (plugin) => {
    const { nodes = [], observedGeneration, state } = plugin?.status ?? {}
    const isSeen = observedGeneration === plugin?.metadata.generation
    return isSeen && state === "Running" && nodes.length > 0 && nodes.every((node) => node.version === version)
  })

export const load = Effect.fnUntraced(function* (of: Package, { values }: { readonly values?: Schema.Json } = {}) {
  const client = yield* Client
  if (values !== undefined) yield* client.create(PluginConfiguration, { metadata: { name: of.name }, spec: { values } })
  yield* client.create(Plugin, { metadata: { name: of.name }, spec: { source: { path: of.path } } })
  yield* runs(of, "1.0.0")
})

/** Another version of it, in the place of the one that runs. */
export const renew = Effect.fnUntraced(function* (of: Package, version: string) {
  const client = yield* Client
  const path = `${of.path}-${version}`
  cpSync(of.path, path, { recursive: true })
  const manifest = join(path, "keelson.json")
  writeFileSync(manifest, readFileSync(manifest, "utf8").replace('"version": "1.0.0"', `"version": "${version}"`))
  yield* client.patch(Plugin, key(of.name), "merge", { spec: { source: { path } } })
  yield* runs(of, version)
})

/** Until no node has it any more. */
export const remove = Effect.fnUntraced(function* ({ name }: Package) {
  const client = yield* Client
  yield* client.delete(Plugin, key(name))
  yield* eventually(`${name} is gone`, 20, list(Node), (nodes) =>
    nodes.every(({ metadata }) => {
      const text = metadata.annotations?.[NodeState.annotation]
      return text !== undefined && !text.includes(`"${name}":`)
    })
  )
})
