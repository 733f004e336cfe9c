/** A fresh clone installs with `npm ci`, on this machine and on others. */
import { assert, it } from "@effect/vitest"
import { Schema } from "effect"
import { readFileSync } from "node:fs"
import { resolve } from "node:path"

const Names = Schema.Record(Schema.String, Schema.String)
const Lock = Schema.fromJsonString(
  Schema.Struct({
    packages: Schema.Record(
      Schema.String,
      Schema.Struct({ optionalDependencies: Schema.optional(Names), resolved: Schema.optional(Schema.String) })
    )
  })
)
const root = resolve(import.meta.dirname, "../..")
const { packages } = Schema.decodeUnknownSync(Lock)(readFileSync(`${root}/package-lock.json`, "utf8"))

// npm leaves packages for other platforms out of the lock where a registry does not have them, and then `npm ci` refuses the lock.
it("the lock has the packages of all platforms", () => {
  const missing = Object.entries(packages).flatMap(([path, { optionalDependencies = {} }]) =>
    Object.keys(optionalDependencies).filter(
      (name) => !(`node_modules/${name}` in packages) && !(`${path}/node_modules/${name}` in packages)
    )
  )
  assert.deepStrictEqual(missing, [])
})

it("the lock names no registry", () => {
  const named = Object.values(packages).filter(({ resolved }) => resolved !== undefined)
  assert.deepStrictEqual(named, [])
})
