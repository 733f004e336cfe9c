/** The laws of `ClusterDns` on the real CoreDNS, against an API of ours. */
import { assert, describe, it } from "@effect/vitest"
import { Context, Effect, Layer, Schedule } from "effect"
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import * as CoreDns from "../../adapters/dns/coredns/CoreDns.ts"
import * as Program from "../../adapters/Program.ts"
import { suite } from "../../conformance/ClusterDns.ts"
import { question, read, udp } from "../../conformance/cluster-dns/Ask.ts"
import * as Outside from "../../conformance/cluster-dns/Outside.ts"
import * as World from "../../conformance/cluster-dns/World.ts"
import * as ControlPlane from "../../conformance/stage/ControlPlane.ts"
import { ClusterDns } from "../../plugins/dns/contracts/ClusterDns.ts"
import { verify } from "../Verify.ts"

const folder = Effect.acquireRelease(
  Effect.sync(() => mkdtempSync(join(tmpdir(), "kt-dns-"))),
  (path) => Effect.sync(() => rmSync(path, { recursive: true, force: true }))
)

const server = Layer.unwrap(
  Effect.gen(function* () {
    const { servers } = yield* Outside.Outside
    const upstream = servers.map(({ address }) => address)
    const api = yield* ControlPlane.ControlPlane
    return CoreDns.layer({
      address: "127.0.0.78",
      port: 5311,
      domain: "cluster.local",
      directory: yield* folder,
      upstream,
      api
    })
  })
)
const world = Layer.provide(World.layer(), ControlPlane.client)
const all = Layer.mergeAll(server, world).pipe(Layer.provideMerge(Outside.layer()), Layer.provide(ControlPlane.layer))

/** Of the CoreDNS that reads this file. */
const pidOf = (corefile: string) =>
  readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .find((pid) => {
      try {
        return readFileSync(`/proc/${pid}/cmdline`, "utf8").split("\0").includes(corefile)
      } catch {
        // It has ended meanwhile.
        return false
      }
    })

const killed = Effect.gen(function* () {
  const directory = yield* folder
  const api = yield* ControlPlane.ControlPlane
  const options = { address: "127.0.0.79", port: 5313, domain: "cluster.local", directory, upstream: [], api }
  const context = yield* Layer.build(CoreDns.layer(options))
  const dns = Context.get(context, ClusterDns)
  assert.deepStrictEqual(yield* dns.health(), { ready: true, detail: "", restarts: 0 })
  const corefile = join(directory, "Corefile")
  const before = pidOf(corefile)
  process.kill(Number(before), "SIGKILL")
  const isBack = ({ ready, restarts }: { readonly ready: boolean; readonly restarts: number }) => ready && restarts === 1
  const health = yield* Effect.repeat(dns.health(), { until: isBack, schedule: Schedule.spaced("50 millis") }).pipe(
    Effect.timeout("30 seconds")
  )
  assert.strictEqual(health.restarts, 1)
  assert.notStrictEqual(pidOf(corefile), before)
  const asked = question("dns-version.cluster.local", "TXT")
  assert.deepStrictEqual(read(yield* udp("127.0.0.79:5313", asked)).data("TXT"), ["1.1.0"])
  return corefile
}).pipe(Effect.scoped, Effect.provide(ControlPlane.layer))

if (Program.find("coredns") === undefined) describe.skip("this machine lacks coredns", () => it("the laws", () => undefined))
else {
  verify("coredns", suite, all)
  it.live("a CoreDNS that is killed is started again, and ends with its scope", () =>
    Effect.map(killed, (corefile) => assert.isUndefined(pidOf(corefile)))
  )
}

it.live("without a program it says how to get one", () =>
  Effect.gen(function* () {
    const api = { server: "https://127.0.0.1:1", ca: "", cert: "", key: "" }
    const options = {
      address: "127.0.0.79",
      port: 5314,
      domain: "cluster.local",
      directory: yield* folder,
      upstream: [],
      api
    }
    const failure = yield* Effect.flip(Layer.build(CoreDns.layer({ ...options, program: "/nowhere/coredns" })))
    assert.match(failure.message, /nowhere.coredns/)
    assert.include(new CoreDns.CoreDnsMissing().message, "npm run parts -- coredns")
  }).pipe(Effect.scoped)
)
