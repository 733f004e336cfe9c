/**
 * The configuration folders of a node's runtimes. One file of ours in each, the same whatever the network is, so that one network
 * takes the place of another in one step; what the network made goes when the last folder has none.
 */
import { Schema } from "effect"
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs"
import { join } from "node:path"

const file = "10-keelson.conflist"
const decode = Schema.decodeUnknownOption(Schema.fromJsonString(Schema.Array(Schema.String)))

const listIn = (directory: string) => join(directory, "folders.json")
const known = (directory: string): ReadonlyArray<string> => {
  if (!existsSync(listIn(directory))) return []
  const found = decode(readFileSync(listIn(directory), "utf8"))
  return found._tag === "Some" ? found.value : []
}

const replace = (path: string, text: string) => {
  if (existsSync(path) && readFileSync(path, "utf8") === text) return
  writeFileSync(`${path}.new`, text, { mode: 0o600 })
  renameSync(`${path}.new`, path)
}

export const write = (directory: string, folder: string, text: string) => {
  mkdirSync(folder, { recursive: true, mode: 0o755 })
  mkdirSync(directory, { recursive: true, mode: 0o700 })
  replace(listIn(directory), JSON.stringify([...new Set([...known(directory), folder])]))
  replace(join(folder, file), text)
}

/** Whether no other folder has one any more. */
export const remove = (directory: string, folder: string) => {
  rmSync(join(folder, file), { force: true })
  const others = known(directory).filter((other) => other !== folder && existsSync(join(other, file)))
  if (others.length > 0) replace(listIn(directory), JSON.stringify(others))
  return others.length === 0
}
