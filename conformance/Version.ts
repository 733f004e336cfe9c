/** Which checks these are: the version of Keelson, and a digest of the checks' own sources, so that two reports can be compared. */
import { createHash } from "node:crypto"
import { globSync, readFileSync } from "node:fs"
import { join } from "node:path"
import { Schema } from "effect"

const decode = Schema.decodeUnknownSync(Schema.fromJsonString(Schema.Struct({ version: Schema.String })))
const { version } = decode(readFileSync(join(import.meta.dirname, "..", "package.json"), "utf8"))

const digest = () => {
  const hash = createHash("sha256")
  const sources = globSync("**/*.{ts,js,mjs}", { cwd: import.meta.dirname }).toSorted()
  for (const file of sources) hash.update(`${file}\0`).update(readFileSync(join(import.meta.dirname, file)))
  return hash.digest("hex").slice(0, 12)
}

/** Such as `keelson 0.1.0, checks 0f1e2d3c4b5a`. */
export const suite = () => `keelson ${version}, checks ${digest()}`
