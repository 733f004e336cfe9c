/** The descriptions that clouds publish of their APIs. `npm run parts -- cloud-apis` brings them. */
import { existsSync } from "node:fs"
import { homedir } from "node:os"
import { join } from "node:path"

const directory = join(process.env["XDG_CACHE_HOME"] || join(homedir(), ".cache"), "keelson", "cloud-apis")

export const fileOf = (name: "compute.v1.json" | "azure.json") => join(directory, name)

export const lacks = (name: Parameters<typeof fileOf>[0]) =>
  existsSync(fileOf(name)) ? [] : [`the description of the cloud's API, ${name} (npm run parts -- cloud-apis)`]
