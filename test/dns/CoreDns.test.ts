/** The laws of `ClusterDns` on the real CoreDNS, against an API of ours. */
import { describe, it } from "@effect/vitest"
import { Effect, Layer } from "effect"
import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import * as CoreDns from "../../adapters/dns/coredns/CoreDns.ts"
import * as Program from "../../adapters/Program.ts"
import { suite } from "../../conformance/ClusterDns.ts"
import * as Outside from "../../conformance/cluster-dns/Outside.ts"
import * as World from "../../conformance/cluster-dns/World.ts"
import * as ControlPlane from "../../conformance/stage/ControlPlane.ts"
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
const world = Layer.provide(World.layer({ clusterIPs: ["10.96.0.200", "fd00:96::c8"] }), ControlPlane.client)
const all = Layer.mergeAll(server, world).pipe(Layer.provideMerge(Outside.layer()), Layer.provide(ControlPlane.layer))

if (Program.find("coredns") === undefined) describe.skip("this machine lacks coredns", () => it("the laws", () => undefined))
else verify("coredns", suite, all)
