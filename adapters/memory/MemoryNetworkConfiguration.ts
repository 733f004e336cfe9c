/** The network of a machine in memory: a file that says which range its Pods have, and nothing that would read it. */
import { Effect, Layer } from "effect"
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { Unavailable } from "../../kernel/plugin/Contract.ts"
import { NetworkConfiguration } from "../../plugins/kubelet/contracts/NetworkConfiguration.ts"
import { MemoryNode } from "./MemoryNode.ts"

const file = "memory.conf"

const replace = (folder: string, text: string) => {
  mkdirSync(folder, { recursive: true })
  const path = join(folder, file)
  if (existsSync(path) && readFileSync(path, "utf8") === text) return
  writeFileSync(`${path}.new`, text)
  renameSync(`${path}.new`, path)
}

const attempt = (run: () => void) =>
  Effect.try({
    try: run,
    catch: (cause) => new Unavailable({ contract: NetworkConfiguration.key, applied: "unknown", cause })
  })

/** The Pods of the machine get addresses out of the first range. */
export const layerOn = Layer.effect(
  NetworkConfiguration,
  Effect.map(MemoryNode, (node) =>
    NetworkConfiguration.of({
      write: ({ folder, podCidrs }) =>
        attempt(() => {
          replace(folder, `${podCidrs.join("\n")}\n`)
          node.network.range = podCidrs[0]?.split(".").slice(0, 3).join(".") ?? node.network.range
        }),
      remove: ({ folder }) => attempt(() => rmSync(join(folder, file), { force: true }))
    })
  )
)
