/** The rules of the house, as tests: who may import whom, and what every plugin, adapter and contract comes with. */
import { assert, describe, it } from "@effect/vitest"
import { existsSync, globSync, readFileSync } from "node:fs"
import { dirname, join, relative, resolve } from "node:path"

const root = resolve(import.meta.dirname, "..")
const sources = globSync("{kernel,plugins,adapters,conformance,bin}/**/*.ts", { cwd: root }).filter(
  (file) => !file.includes("/generate/")
)
const read = (file: string) => readFileSync(join(root, file), "utf8")
const isGenerated = (file: string) => read(file).startsWith("// Generated")

interface Import {
  readonly from: string
  readonly to: string
}
const imports: ReadonlyArray<Import> = sources.flatMap((from) =>
  [...read(from).matchAll(/^(?:import|export)\b[^"';]*? from ["']([^"']+)["']/gm)].map(([, path = ""]) => ({
    from,
    to: path.startsWith(".") ? relative(root, resolve(root, dirname(from), path)) : path
  }))
)
const isOurs = (to: string) => /^(kernel|plugins|adapters|conformance|bin|test|bench)\//.test(to)
/** Folders with one adapter a subfolder. What lies in them directly, its adapters share. */
const grouped = /^(cri|cni|cloud|client|dns|ingress|registry|volumes)$/
/** `plugins/kubelet`, `adapters/cri/containerd`, `adapters/memory`. */
const roomOf = (file: string) => {
  const parts = file.split("/")
  if (parts[0] === "plugins") return parts.slice(0, 2).join("/")
  if (parts[0] === "adapters")
    return parts.slice(0, Math.min(parts.length - 1, grouped.test(parts[1] ?? "") ? 3 : 2)).join("/")
  return parts[0] ?? ""
}
const isContract = (file: string) => /^plugins\/[^/]+\/contracts\//.test(file)
/** The code that the adapters of one contract share lies in the folder above them. */
const isShared = (from: string, to: string) => roomOf(from).startsWith(`${roomOf(to)}/`)

const broken = (rule: (one: Import) => boolean) =>
  imports.filter(({ from, to }) => isOurs(to) && !rule({ from, to })).map(({ from, to }) => `${from} → ${to}`)

describe("imports run one way", () => {
  it("the kernel knows nobody outside its folder", () => {
    assert.deepStrictEqual(
      broken(({ from, to }) => !from.startsWith("kernel/") || to.startsWith("kernel/")),
      []
    )
    const libraries = ["effect", "@effect/platform-node", "cbor-x", "@nats-io/jetstream", "@nats-io/transport-node"]
    const foreign = imports.filter(
      ({ from, to }) =>
        from.startsWith("kernel/") &&
        !isOurs(to) &&
        !to.startsWith("node:") &&
        !libraries.some((name) => to === name || to.startsWith(`${name}/`))
    )
    assert.deepStrictEqual(foreign, [])
  })
  it("a plugin knows the kernel, itself, and the contracts of others", () => {
    assert.deepStrictEqual(
      broken(
        ({ from, to }) =>
          !from.startsWith("plugins/") ||
          to.startsWith("kernel/") ||
          roomOf(from) === roomOf(to) ||
          isContract(to) ||
          (roomOf(from) === "plugins/admission" && roomOf(to) === "plugins/admission")
      ),
      []
    )
  })
  it("an adapter knows the kernel, contracts, itself, and what its like share", () => {
    assert.deepStrictEqual(
      broken(
        ({ from, to }) =>
          !from.startsWith("adapters/") ||
          to.startsWith("kernel/") ||
          isContract(to) ||
          to.startsWith(`${roomOf(from)}/`) ||
          isShared(from, to) ||
          to === "adapters/Program.ts"
      ),
      []
    )
  })
  it("conformance knows the kernel and contracts", () => {
    assert.deepStrictEqual(
      broken(
        ({ from, to }) =>
          !from.startsWith("conformance/") ||
          // What starts a real part to check it knows that part.
          /^conformance\/(adapters|stage)\//.test(from) ||
          to.startsWith("kernel/") ||
          isContract(to) ||
          to.startsWith("conformance/")
      ),
      []
    )
  })
  it("nobody imports bin", () => {
    assert.deepStrictEqual(
      broken(({ from, to }) => from.startsWith("bin/") || !to.startsWith("bin/")),
      []
    )
  })
})

describe("every room says what it is", () => {
  const rooms = [
    ...new Set(sources.filter((file) => /^(plugins|adapters)\//.test(file) && file.split("/").length > 2).map(roomOf))
  ]
  it.each(rooms)("%s has a README", (room) => {
    assert.isTrue(existsSync(join(root, room, "README.md")))
  })
  it("every file says what it is for", () => {
    const silent = sources.filter((file) => !/^(#!.*\n)?(\/\*\*|\/\/ Generated)/.test(read(file)))
    assert.deepStrictEqual(silent, [])
  })
  it("no file is longer than can be read", () => {
    const long = sources.filter((file) => !isGenerated(file) && read(file).split("\n").length > 400)
    assert.deepStrictEqual(long, [])
  })
})

describe("every contract has laws that are checked", () => {
  const contracts = sources.flatMap((file) =>
    [...read(file).matchAll(/class (\w+) extends Contract\.make<\w+>\(\)\(\s*"([^"]+)"/g)].map(
      ([, name = "", key = ""]) => ({ file, name, key })
    )
  )
  it.each(contracts)("$key", ({ file, name }) => {
    assert.match(read(file), /laws: \{/)
    const suite = `conformance/${name}.ts`
    assert.isTrue(existsSync(join(root, suite)), `there is no ${suite}`)
    const calls = globSync("test/**/*.test.ts", { cwd: root }).filter((test) => {
      const text = read(test)
      return text.includes(`conformance/${name}.ts`) && /\bverify\(/.test(text)
    })
    assert.isNotEmpty(calls, `no test verifies an implementation of ${name}`)
  })
})
