/** Packages of the examples in a cluster that runs: from directories outside of the project, as somebody else would have them. */
import { Effect, type Schema } from "effect"
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { Client } from "../../kernel/client/Client.ts"
import { Plugin, PluginConfiguration } from "../../plugins/packages/contracts/v1alpha1.ts"
import { Node } from "../../plugins/resources/contracts/core/v1.ts"
import * as NodeState from "../../plugins/packages/contracts/NodeState.ts"
import * as Go from "../Go.ts"
import { eventually, find, list } from "./Eventually.ts"
import * as Images from "./Images.ts"
import * as Machine from "./Machine.ts"

export interface Package {
  readonly name: string
  readonly path: string
}

const key = (name: string) => ({ namespace: "", name })

/** A folder, until the scope ends; and one of copies. */
export const folder = Effect.acquireRelease(
  Effect.sync(() => mkdtempSync(join(tmpdir(), "kt-packages-"))),
  (folder) => Effect.sync(() => rmSync(folder, { recursive: true, force: true }))
)
export const copies = Effect.map(
  folder,
  (folder) =>
    (example: string, name = example) =>
      Effect.sync((): Package => {
        const path = join(folder, name)
        cpSync(join(import.meta.dirname, "..", "..", "examples", example), path, { recursive: true })
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

interface How {
  readonly values?: Schema.Json
  readonly nodeSelector?: { readonly [label: string]: string }
}

export const load = Effect.fnUntraced(function* (of: Package, { nodeSelector, values }: How = {}) {
  const client = yield* Client
  if (values !== undefined) yield* client.create(PluginConfiguration, { metadata: { name: of.name }, spec: { values } })
  yield* client.create(Plugin, {
    metadata: { name: of.name },
    spec: { source: { path: of.path }, ...(nodeSelector !== undefined && { nodeSelector }) }
  })
  yield* runs(of, "1.0.0")
})

const wish = (name: string, path: string) =>
  Effect.flatMap(Client, (client) => client.patch(Plugin, key(name), "merge", { spec: { source: { path } } }))

/** Has nodes take another version in the place of the one that runs. */
const wishVersion = Effect.fnUntraced(function* (of: Package, version: string) {
  const path = `${of.path}-${version}`
  cpSync(of.path, path, { recursive: true })
  const manifest = join(path, "keelson.json")
  writeFileSync(manifest, readFileSync(manifest, "utf8").replace('"version": "1.0.0"', `"version": "${version}"`))
  yield* wish(of.name, path)
})

/** Another version of it, in the place of the one that runs. */
export const renew = (of: Package, version: string) => Effect.andThen(wishVersion(of, version), runs(of, version))

/** The version that it was loaded as, in the place of a later one. */
export const goBack = (of: Package) => Effect.andThen(wish(of.name, of.path), runs(of, "1.0.0"))

/** Another version of it, of which nodes say that they cannot take it, and why. */
export const refused = Effect.fnUntraced(function* (of: Package, version: string, why: string) {
  yield* wishVersion(of, version)
  yield* eventually(`${of.name} ${version} is refused`, 20, find(Plugin, key(of.name)), (plugin) => {
    const { nodes = [], observedGeneration } = plugin?.status ?? {}
    const isSeen = observedGeneration === plugin?.metadata.generation
    return (
      isSeen && nodes.length > 0 && nodes.every(({ reason = "", version }) => reason.includes(why) && version === "1.0.0")
    )
  })
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

/** Built where it is, with an image of the tests to run. */
export const builtRuntime = Effect.fnUntraced(function* ({ path }: Package) {
  yield* Go.build(join(path, "runtime-go"))
  const [archive] = Images.archives()
  writeFileSync(join(path, "web.tar"), archive ?? new Uint8Array())
  const manifest = join(path, "keelson.json")
  const text = readFileSync(manifest, "utf8").replace('"{sockets}"]', '"{sockets}", "--import", "{package}/web.tar"]')
  writeFileSync(manifest, text)
})

/** How many processes of it there were that are killed now. Those that hold its containers are others. */
export const killed = ({ name }: Package) =>
  Effect.sync(() => {
    const found = Machine.processes().filter(
      ({ command }) => command.includes(`/plugins/${name}/`) && command.includes("--sockets")
    )
    for (const { pid } of found) process.kill(pid, "SIGKILL")
    return found.length
  })
