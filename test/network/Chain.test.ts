/** How CNI programs are executed: by programs that note what they were given. */
import { assert, describe, it } from "@effect/vitest"
import { Effect, Schema } from "effect"
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import * as Attachments from "../../adapters/cni/Attachments.ts"
import * as Chain from "../../adapters/cni/Chain.ts"
import type * as Cni from "../../adapters/cni/Cni.ts"
import type { Record } from "../../adapters/cni/Records.ts"

/**
 * A plugin that notes each call and adds an interface of its own name to the result. It fails as the environment of the call is told
 * by its configuration.
 */
const plugin = (log: string, versions: ReadonlyArray<string>) => `#!${process.execPath}
const { appendFileSync, readFileSync } = require("node:fs")
const { CNI_COMMAND: command, CNI_CONTAINERID: id = "", CNI_NETNS: netns = "", CNI_IFNAME: ifname = "", CNI_ARGS: args = "" } = process.env
const config = JSON.parse(readFileSync(0, "utf8"))
if (command === "VERSION") {
  console.log(JSON.stringify({ cniVersion: "1.1.0", supportedVersions: ${JSON.stringify(versions)} }))
  process.exit(0)
}
appendFileSync(${JSON.stringify(log)}, JSON.stringify({ command, id, netns, ifname, args, config }) + "\\n")
if (config.fails === command) {
  console.log(JSON.stringify({ cniVersion: config.cniVersion, code: 11, msg: "not now", details: "later" }))
  process.exit(1)
}
if (config.dies === command) {
  console.error("no such luck")
  process.exit(3)
}
const { interfaces = [], ips = [{ address: "10.9.0.2/24" }] } = config.prevResult ?? {}
if (command === "ADD") console.log(JSON.stringify({ cniVersion: config.cniVersion, interfaces: [...interfaces, { name: config.type }], ips }))
`

const Noted = Schema.fromJsonString(
  Schema.Struct({
    command: Schema.String,
    id: Schema.String,
    netns: Schema.String,
    ifname: Schema.String,
    args: Schema.String,
    config: Schema.Record(Schema.String, Schema.Json)
  })
)
const decode = Schema.decodeUnknownSync(Noted)

const use = Effect.gen(function* () {
  const directory = yield* Effect.acquireRelease(
    Effect.sync(() => mkdtempSync(join(tmpdir(), "kt-chain-"))),
    (path) => Effect.sync(() => rmSync(path, { recursive: true, force: true }))
  )
  const bin = join(directory, "bin")
  const log = join(directory, "log")
  const namespace = join(directory, "netns")
  mkdirSync(bin)
  writeFileSync(namespace, "")
  const install = (type: string, versions: ReadonlyArray<string> = ["0.4.0", "1.0.0", "1.1.0"]) =>
    writeFileSync(join(bin, type), plugin(log, versions), { mode: 0o755 })
  const calls = () => {
    const lines = readFileSync(log, "utf8").trim().split("\n")
    rmSync(log)
    return lines.map((line) => decode(line))
  }
  const record: Record = { state: "adding", network: "x", runtime: "test", pod: "p1", interface: "eth0", namespace }
  install("one")
  install("two")
  return { directory, programs: [bin], install, calls, record, namespace }
})

const list = (...plugins: ReadonlyArray<Cni.PluginConfig>): Cni.NetworkList => ({
  name: "net",
  cniVersions: ["0.4.0", "1.0.0", "1.1.0"],
  plugins
})
const used = (of: Cni.NetworkList, capabilities: Chain.Used["capabilities"] = {}): Chain.Used => ({
  list: of,
  version: "1.1.0",
  capabilities,
  args: [["IgnoreUnknown", "1"]]
})

describe("a chain of CNI programs", () => {
  it.live("adds in order, each with the result of the one before, and tells what was asked of it only", () =>
    Effect.gen(function* () {
      const { calls, namespace, programs, record } = yield* use
      const [one, two] = [
        { type: "one", key: "a" },
        { type: "two", capabilities: { portMappings: true, mac: false } }
      ]
      const result = yield* Chain.add(programs, record, used(list(one, two), { portMappings: [], mac: "00:00:00:00:00:01" }))
      assert.deepStrictEqual(result.interfaces, [{ name: "one" }, { name: "two" }])
      const said = calls()
      const call = { command: "ADD", id: "p1", netns: namespace, ifname: "eth0", args: "IgnoreUnknown=1" }
      const rest = { name: "net", cniVersion: "1.1.0" }
      const first = { cniVersion: "1.1.0", interfaces: [{ name: "one" }], ips: [{ address: "10.9.0.2/24" }] }
      assert.deepStrictEqual(said, [
        { ...call, config: { ...one, ...rest } },
        { ...call, config: { type: "two", ...rest, runtimeConfig: { portMappings: [] }, prevResult: first } }
      ])
    }).pipe(Effect.scoped)
  )
  it.live("deletes in reverse, tries again, and goes on when one fails; a namespace that is gone is not named", () =>
    Effect.gen(function* () {
      const { calls, programs, record } = yield* use
      const gone = { ...record, namespace: "/nowhere", result: { ips: [] } }
      const failed = yield* Effect.flip(
        Chain.del(programs, gone, used(list({ type: "one" }, { type: "two", fails: "DEL" })))
      )
      assert.deepStrictEqual([failed.code, failed.message], [11, "two DEL: not now: later"])
      const said = calls()
      assert.deepStrictEqual(
        said.map(({ config, netns }) => [config["type"], netns, config["prevResult"]]),
        ["two", "two", "two", "one"].map((type) => [type, "", { ips: [] }])
      )
    }).pipe(Effect.scoped)
  )
  it.live("checks, tells the status and collects garbage where the version has it", () =>
    Effect.gen(function* () {
      const { calls, install, programs, record } = yield* use
      const both = list({ type: "one" }, { type: "two" })
      yield* Chain.check(programs, record, used(both))
      yield* Chain.check(programs, record, used({ ...both, disableCheck: true }))
      yield* Chain.status(programs, both)
      yield* Chain.gc(programs, both, [{ pod: "p1", interface: "eth0" }])
      yield* Chain.gc(programs, { ...both, disableGC: true }, [])
      const said = calls()
      assert.deepStrictEqual(
        said.map(({ command, config }) => `${command} ${config["type"]}`),
        ["CHECK one", "CHECK two", "STATUS one", "STATUS two", "GC one", "GC two"]
      )
      assert.deepStrictEqual(said[4]?.config["cni.dev/valid-attachments"], [{ containerID: "p1", ifname: "eth0" }])
      install("two", ["0.4.0", "1.0.0"])
      yield* Chain.status(programs, both)
      yield* Chain.gc(programs, both, [])
      assert.throws(calls)
    }).pipe(Effect.scoped)
  )
  it.live("speaks the newest version that all have in common, or says why there is none", () =>
    Effect.gen(function* () {
      const { install, programs } = yield* use
      const both = list({ type: "one" }, { type: "two" })
      assert.strictEqual(yield* Chain.negotiate(programs, both), "1.1.0")
      install("two", ["0.3.1", "0.4.0", "1.0.0"])
      assert.strictEqual(yield* Chain.negotiate(programs, both), "1.0.0")
      const old = yield* Effect.flip(Chain.negotiate(programs, { ...both, cniVersions: ["0.2.0"] }))
      assert.strictEqual(old.code, 1)
      assert.match(old.message, /two speaks 0\.3\.1, 0\.4\.0, 1\.0\.0/)
      const absent = yield* Effect.flip(Chain.negotiate(programs, list({ type: "three" })))
      assert.match(absent.message, /no CNI plugin three in .*containernetworking-plugins/)
      const path = yield* Effect.flip(Chain.negotiate(programs, list({ type: "../one" })))
      assert.match(path.message, /no CNI plugin/)
    }).pipe(Effect.scoped)
  )
})

describe("attachments by a chain", () => {
  it.live("are taken back before they are tried again, and noted until they are gone", () =>
    Effect.gen(function* () {
      const { calls, directory, namespace, programs } = yield* use
      const broken = { fails: "ADD" }
      const network = (more: object) => {
        const cni = used(list({ type: "one" }, { type: "two", ...more }))
        return Attachments.make(
          { directory, programs },
          {
            name: "x",
            prepare: () => Effect.succeed({ cni }),
            add: (record) => Chain.add(programs, record, cni),
            del: (record) => Chain.del(programs, record, cni),
            check: (record) => Chain.check(programs, record, cni),
            status: Effect.succeed({ ready: true, limited: false, message: "" })
          }
        )
      }
      const asked = { pod: "p1", namespace, runtime: "test", ports: [] }
      const commands = () => calls().map(({ command, config }) => `${command} ${config["type"]}`)
      const bad = yield* network(broken)
      const refused = yield* Effect.flip(bad.attach(asked))
      assert.strictEqual(refused._tag, "NetworkRefused")
      assert.strictEqual(refused.message, "two ADD: not now: later")
      assert.deepStrictEqual(commands(), ["ADD one", "ADD two", "DEL two", "DEL one"])
      assert.deepStrictEqual(yield* Effect.map(Effect.flip(bad.check(asked)), ({ _tag }) => _tag), "NotAttached")

      const good = yield* network({})
      assert.deepStrictEqual((yield* good.attach(asked)).addresses, ["10.9.0.2"])
      assert.deepStrictEqual(commands(), ["ADD one", "ADD two"])
      yield* good.attach(asked)
      assert.deepStrictEqual(commands(), ["CHECK one", "CHECK two"])

      // What another network's program cannot take back is kept in mind, and tried again.
      const stuck = yield* network({ dies: "DEL" })
      yield* stuck.detach(asked)
      assert.match(JSON.stringify(calls()), /"command":"DEL"/)
      yield* good.gc({ runtime: "test", valid: [{ pod: "p1" }] })
      assert.deepStrictEqual(commands(), ["DEL two", "DEL one"])
      yield* good.detach(asked)
      assert.throws(calls)
      for (const pod of ["../p", "", "a b"])
        assert.strictEqual((yield* Effect.flip(good.attach({ ...asked, pod })))._tag, "NetworkRefused")
    }).pipe(Effect.scoped)
  )
})
