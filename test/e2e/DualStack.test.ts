/** A cluster of both families on two nodes: every Pod has an address of each, and is reached by it as by the other. */
import { assert, describe, layer } from "@effect/vitest"
import { Effect } from "effect"
import { Client } from "../../kernel/client/Client.ts"
import { DaemonSet } from "../../plugins/resources/contracts/apps/v1.ts"
import { EndpointSlice } from "../../plugins/resources/contracts/discovery/v1.ts"
import { Node, Service } from "../../plugins/resources/contracts/core/v1.ts"
import * as Cluster from "./Cluster.ts"
import { at, container, eventually, find, isReady, list, podsOf } from "./Eventually.ts"
import * as Images from "./Images.ts"
import * as Machine from "./Machine.ts"
import * as Site from "./Site.ts"

const labels = { app: "twofold" }
const daemonSet = {
  metadata: at("twofold"),
  spec: {
    selector: { matchLabels: labels },
    template: { metadata: { labels }, spec: { terminationGracePeriodSeconds: 1, containers: [container(Images.web(1))] } }
  }
}
const ports = [{ port: 80, targetPort: 8080 }]
const service = { metadata: at("twofold"), spec: { selector: labels, ports, ipFamilyPolicy: "RequireDualStack" } }

const inUrl = (address: string) => (address.includes(":") ? `[${address}]` : address)

/** What a Pod is answered. */
const ask = (pod: string, url: string) =>
  Effect.gen(function* () {
    const { exec } = yield* Cluster.Cluster
    const { code, text } = yield* exec(pod, ["timeout", "5", "wget", "-qO-", url])
    return code === 0 ? text.trim() : yield* Effect.fail(new Error(`${url} from ${pod}: ${code} ${text}`))
  })

const families = [
  ...["--pod-cidr", "10.244.0.0/16,fd00:10:244::/48"],
  ...["--service-cidr", "10.96.0.0/16,fd00:10:96::/108"]
]

describe.skipIf(Machine.missing.length > 0)(`both families of addresses${Machine.left()}`, () => {
  layer(Site.layer, { excludeTestServices: true, timeout: "60 seconds" })((it) => {
    it.layer(Cluster.layer({ nodes: 2, flags: families }), { timeout: "240 seconds" })((it) => {
      it.effect("nodes have ranges of both, and Pods addresses", () =>
        Effect.gen(function* () {
          const client = yield* Client
          const ranges = (yield* list(Node)).map(({ spec }) => spec.podCIDRs?.length)
          assert.deepStrictEqual(ranges, [2, 2])
          yield* client.create(Service, service)
          yield* client.create(DaemonSet, daemonSet)
          const pods = yield* eventually("one is ready on each", 60, podsOf("twofold"), (all) => {
            return all.filter(isReady).length === 2
          })
          for (const { status } of pods)
            assert.deepStrictEqual(
              status.podIPs?.map(({ ip = "" }) => ip.includes(":")),
              [false, true]
            )
        })
      )
      it.effect("every Pod reaches every other by both", () =>
        Effect.gen(function* () {
          const pods = yield* podsOf("twofold")
          for (const from of pods)
            for (const { metadata, status } of pods)
              for (const { ip = "" } of status.podIPs ?? [])
                assert.strictEqual(yield* ask(from.metadata.name, `http://${inUrl(ip)}:8080/`), `${metadata.name} v1`)
        })
      )
      it.effect("a Service has an address, endpoints and a name of both", () =>
        Effect.gen(function* () {
          const pods = yield* podsOf("twofold")
          const { clusterIPs = [], ipFamilies } = (yield* find(Service, at("twofold")))?.spec ?? {}
          assert.deepStrictEqual(ipFamilies, ["IPv4", "IPv6"])
          const slices = Effect.map(list(EndpointSlice, { namespace: "default" }), (all) =>
            all.filter(({ metadata }) => metadata.labels?.["kubernetes.io/service-name"] === "twofold")
          )
          const both = yield* eventually("there are slices of both", 20, slices, ({ length }) => length === 2)
          assert.sameMembers(
            both.map(({ addressType }) => addressType),
            ["IPv4", "IPv6"]
          )
          for (const { metadata } of pods) {
            for (const address of clusterIPs) {
              const seen = new Set<string>()
              const once = Effect.map(ask(metadata.name, `http://${inUrl(address)}/`), (text) => seen.add(text).size)
              yield* eventually(`${metadata.name} has met both by ${address}`, 30, once, (size) => size === 2)
            }
            const { exec } = yield* Cluster.Cluster
            const { text } = yield* exec(metadata.name, ["nslookup", "twofold.default.svc.cluster.local"])
            for (const address of clusterIPs) assert.include(text, address)
          }
        })
      )
      it.effect("Ctrl-C ends it, and nothing is left but the data", () =>
        Effect.gen(function* () {
          const { interrupt } = yield* Cluster.Cluster
          assert.include([0, 130], yield* interrupt)
          const { remains } = yield* Site.Site
          assert.deepStrictEqual(yield* remains, Site.nothing)
        })
      )
    })
  })
})
