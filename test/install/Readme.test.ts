/** What the README says of files and settings is so. */
import { assert, it } from "@effect/vitest"
import { existsSync, globSync, readFileSync } from "node:fs"
import { dirname, join, resolve } from "node:path"
import * as Settings from "../../bin/Settings.ts"

const root = resolve(import.meta.dirname, "../..")
const readme = readFileSync(join(root, "README.md"), "utf8")

it("the table of settings has every setting, with its default", () => {
  const rows = [...readme.matchAll(/^\| `--([a-z0-9-]+)` \|([^|]*)\|/gm)].map(([, flag = "", text = ""]) => ({ flag, text }))
  const flagOf = (field: string) => field.replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)
  assert.sameMembers(
    rows.map(({ flag }) => flag),
    Object.keys(Settings.Settings.fields).map(flagOf)
  )
  const defaults = new Map(Object.entries(Settings.defaults()).map(([field, value]) => [flagOf(field), String(value)]))
  // Of these the default is the machine's.
  const own = new Set(["data-dir", "node-name", "node-ip"])
  for (const { flag, text } of rows) if (!own.has(flag)) assert.strictEqual(text.trim(), defaults.get(flag), flag)
})

it("every link of a README leads somewhere", () => {
  const broken = globSync("{README.md,{kernel,plugins,adapters}/**/README.md}", { cwd: root }).flatMap((file) =>
    [...readFileSync(join(root, file), "utf8").matchAll(/\]\((?!https?:)([^)#]+)\)/g)]
      .filter(([, to = ""]) => !existsSync(join(root, dirname(file), to)))
      .map(([, to]) => `${file} → ${to}`)
  )
  assert.deepStrictEqual(broken, [])
})

it("nobody acts on the kinds that it says are only stored", () => {
  const [, list = ""] = /\*\*Only stored\*\*[^:]*:([^.]*)\./.exec(readme) ?? []
  const kinds = list.split(",").map((kind) => kind.trim())
  const folders = globSync("plugins/controllers/*", { cwd: root }).map((path) =>
    (path.split("/").at(-1) ?? "").replaceAll("-", "")
  )
  assert.isAtLeast(kinds.length, 2)
  assert.deepStrictEqual(
    kinds.filter((kind) => folders.includes(kind.toLowerCase())),
    []
  )
})
