/** The script in front of runc and crun changes what a machine cannot do, and nothing that only looks like it. */
import { assert, describe, it } from "@effect/vitest"
import { execFileSync } from "node:child_process"
import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import * as OciRuntime from "../../adapters/cri/OciRuntime.ts"

const text = '"capabilities":{"bounding":["CAP_SYS_RESOURCE"]},"oomScoreAdj":-5'
const asked = (capabilities: object, oomScoreAdj: number, ociVersion: string) => ({
  ociVersion,
  process: { args: ["echo", text, "CAP_SYS_RESOURCE"], env: [`A=${text}`], oomScoreAdj, capabilities }
})
const before = asked(
  {
    bounding: ["CAP_KILL", "CAP_SYS_RESOURCE", "CAP_CHOWN"],
    effective: ["CAP_SYS_RESOURCE"],
    permitted: ["CAP_SYS_RESOURCE", "CAP_CHOWN"],
    ambient: ["CAP_CHOWN", "CAP_SYS_RESOURCE"]
  },
  -998,
  "1.3.0"
)
const after = asked(
  { bounding: ["CAP_KILL", "CAP_CHOWN"], effective: [], permitted: ["CAP_CHOWN"], ambient: ["CAP_CHOWN"] },
  0,
  "1.0.2"
)

/** What is left of a file that the script is called with. */
const edited = (file: string, content: string, args: (directory: string) => ReadonlyArray<string>) => {
  const directory = mkdtempSync(join(tmpdir(), "oci-"))
  const script = join(directory, "runc")
  const edits = [OciRuntime.edits.limits, OciRuntime.edits.version]
  writeFileSync(script, OciRuntime.script("/bin/echo", { edits, unified: undefined }))
  chmodSync(script, 0o700)
  writeFileSync(join(directory, file), content)
  const said = execFileSync(script, args(directory), { encoding: "utf8" })
  const result: unknown = JSON.parse(readFileSync(join(directory, file), "utf8"))
  rmSync(directory, { recursive: true })
  return { result, said: said.trim().replaceAll(directory, "") }
}

describe("the script in front of an OCI runtime", () => {
  it.each([undefined, "\t"])("mends a bundle, however its JSON is set", (space) => {
    const args = (directory: string) => ["--root", "/r", "create", "--bundle", directory, "id"]
    const { result, said } = edited("config.json", JSON.stringify(before, undefined, space), args)
    assert.deepStrictEqual(result, after)
    assert.strictEqual(said, "--root /r create --bundle  id")
  })
  it("mends a process", () => {
    const args = (directory: string) => ["exec", "--process", join(directory, "process.json"), "id"]
    const { result } = edited("process.json", JSON.stringify(before.process), args)
    assert.deepStrictEqual(result, after.process)
  })
})
