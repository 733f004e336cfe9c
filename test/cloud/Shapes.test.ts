/** What Services may want of Google's and Microsoft's load balancers beside ports: addresses of their own, other networks, who may come. */
import { assert, describe, it } from "@effect/vitest"
import { Context, Effect, Layer } from "effect"
import * as AzureCloud from "../../adapters/cloud/azure/Azure.ts"
import * as GcpCloud from "../../adapters/cloud/gcp/Gcp.ts"
import * as Azure from "../../conformance/adapters/azure.ts"
import * as Gcp from "../../conformance/adapters/gcp.ts"
import { type CloudBed, settled, target, wanted } from "../../conformance/cloud/Bed.ts"
import { Instances } from "../../plugins/cloud/contracts/Instances.ts"
import { LoadBalancers, type Wanted } from "../../plugins/cloud/contracts/LoadBalancers.ts"
import { left } from "../Left.ts"

const ports = (all: ReadonlyArray<readonly ["TCP" | "UDP" | "SCTP", number, number]>) =>
  all.map(([protocol, port, nodePort]) => ({ name: `${protocol}-${port}`.toLowerCase(), protocol, port, nodePort }))

let machines = 0
/** A cloud with a machine in it, and a Service that is asked for again and again. */
const use = Effect.fnUntraced(function* <R>(
  { cluster, launch }: CloudBed["Service"],
  cloud: Layer.Layer<Instances | LoadBalancers | R>
) {
  const context = yield* Layer.build(cloud)
  const balancers = Context.get(context, LoadBalancers)
  const node = yield* launch(`node-${++machines}`, 0)
  const { addresses, providerID } = yield* Context.get(context, Instances).find({ node })
  const web = wanted()
  const targets = [target({ ...node, addresses }, providerID)]
  const about = (more: Partial<Wanted>) => ({ cluster, wanted: { ...web, ...more }, targets })
  return {
    refused: (more: Partial<Wanted>) =>
      Effect.map(Effect.flip(settled(balancers.ensure(about(more)))), (error) => {
        assert.strictEqual(error._tag, "Refused")
        return error.message
      }),
    ensure: (more: Partial<Wanted>) =>
      Effect.gen(function* () {
        const made = yield* settled(balancers.ensure(about(more)))
        assert.deepStrictEqual(yield* balancers.get({ cluster, service: web.service }), made)
        return made.ingress[0]?.ip ?? ""
      }),
    remove: settled(balancers.remove({ cluster, service: web.service }))
  }
})

describe.skipIf(Gcp.lacks().length > 0)(`GCP${left(Gcp.lacks())}`, () => {
  it.live("protocols, many ports, addresses, who may come, and networks", () =>
    Effect.gen(function* () {
      const { bed, compute, configuration } = yield* Gcp.site(1)
      const all = (kind: string) =>
        [...compute.resources].filter(([path]) => path.includes(`/${kind}/`)).map(([, { body }]) => body)
      const nothing = yield* bed.inventory
      const { ensure, refused, remove } = yield* use(bed, GcpCloud.layer({ ...configuration, nodeTags: ["nodes"] }))
      const first = yield* ensure({
        ports: ports([
          ["TCP", 80, 0],
          ["UDP", 53, 0]
        ]),
        affinitySeconds: 60
      })
      assert.deepStrictEqual(
        all("forwardingRules").map((rule) => [rule["IPProtocol"], rule["ports"], rule["IPAddress"]]),
        [
          ["TCP", ["80"], first],
          ["UDP", ["53"], first]
        ]
      )
      assert.strictEqual(all("backendServices")[0]?.["sessionAffinity"], "CLIENT_IP")
      const many = ports([80, 81, 82, 83, 84, 90].map((port) => ["TCP", port, 0] as const))
      assert.strictEqual(yield* ensure({ ports: many, sourceRanges: ["192.0.2.0/24"] }), first)
      assert.deepStrictEqual(
        all("forwardingRules").map((rule) => rule["portRange"]),
        ["80-90"]
      )
      const opened = all("firewalls").find(({ name }) => String(name).endsWith("-fw"))
      assert.deepStrictEqual(opened?.["sourceRanges"], ["192.0.2.0/24"])
      assert.deepStrictEqual(opened?.["targetTags"], ["nodes"])
      assert.deepStrictEqual(opened?.["allowed"], [{ IPProtocol: "tcp", ports: ["80", "81", "82", "83", "84", "90"] }])

      assert.match(yield* refused({ address: "203.0.113.9" }), /not reserved in europe-west1/)
      assert.match(yield* refused({ families: ["IPv6"] }), /IPv4/)
      assert.match(yield* refused({ ports: ports([["SCTP", 1, 1]]) }), /only TCP and UDP/)
      const scope = "projects/laws-project/regions/europe-west1"
      compute.put("addresses", scope, "mine", { address: "203.0.113.9", addressType: "EXTERNAL" })
      assert.strictEqual(yield* ensure({ address: "203.0.113.9" }), "203.0.113.9")
      assert.deepStrictEqual(
        all("addresses").map(({ name }) => name),
        ["mine"]
      )

      const annotations = { "networking.gke.io/load-balancer-type": "Internal" }
      assert.match(yield* ensure({ annotations }), /^10\.128\./)
      assert.deepStrictEqual(
        all("forwardingRules").map((rule) => [rule["loadBalancingScheme"], rule["IPProtocol"], rule["allPorts"]]),
        [["INTERNAL", "L3_DEFAULT", true]]
      )
      assert.notMatch(yield* ensure({}), /^10\.128\./)
      yield* remove
      compute.resources.delete(`${scope}/addresses/mine`)
      assert.deepStrictEqual(yield* bed.inventory, nothing)
    })
  )
})

describe.skipIf(Azure.lacks().length > 0)(`Azure${left(Azure.lacks())}`, () => {
  it.live("protocols, addresses, who may come, and networks", () =>
    Effect.gen(function* () {
      const { bed, configuration, manager } = yield* Azure.site(1)
      const all = (kind: string) =>
        [...manager.resources]
          .filter(([id]) => new RegExp(`/${kind}/[^/]+$`, "i").test(id))
          .map(([, { body }]) => JSON.stringify(body))
      const nothing = yield* bed.inventory
      const layer = AzureCloud.layer(configuration, { retry: 1, poll: 1 })
      const { ensure, refused, remove } = yield* use(bed, layer)
      const first = yield* ensure({
        ports: ports([
          ["TCP", 53, 30053],
          ["UDP", 53, 30053],
          ["TCP", 443, 0]
        ]),
        affinitySeconds: 60
      })
      const [balancer = ""] = all("loadBalancers")
      assert.strictEqual(balancer.match(/"loadDistribution":"SourceIP"/g)?.length, 3)
      assert.match(balancer, /"frontendPort":443,"backendPort":443,"enableFloatingIP":true/)
      assert.match(balancer, /"frontendPort":53,"backendPort":30053,"enableFloatingIP":false/)
      assert.strictEqual(all("securityRules").length, 2)
      assert.strictEqual(yield* ensure({ sourceRanges: ["192.0.2.0/24"] }), first)
      assert.strictEqual(all("securityRules").length, 1)
      assert.match(all("securityRules").join(), /"sourceAddressPrefixes":\["192.0.2.0\/24"\].*"priority":500/)

      assert.match(yield* refused({ address: "203.0.113.9" }), /no public address 203\.0\.113\.9/)
      assert.match(yield* refused({ families: ["IPv6"] }), /IPv4/)
      assert.match(yield* refused({ ports: ports([["SCTP", 1, 1]]) }), /only TCP and UDP/)
      const { securityGroup: _, ...open } = configuration
      const other = yield* use(bed, AzureCloud.layer(open, { retry: 1, poll: 1 }))
      assert.match(yield* other.refused({ sourceRanges: ["192.0.2.0/24"] }), /security group/)

      const annotations = { "service.beta.kubernetes.io/azure-load-balancer-internal": "true" }
      assert.match(yield* ensure({ annotations }), /^10\.0\./)
      assert.strictEqual(all("publicIPAddresses").length, 0)
      assert.match(all("loadBalancers").join(), /-internal"/)
      assert.strictEqual(yield* ensure({ annotations, address: "10.0.7.7" }), "10.0.7.7")
      const again = yield* ensure({})
      assert.match(again, /^20\.50\./)
      assert.strictEqual(all("loadBalancers").length, 1)
      yield* remove
      assert.deepStrictEqual(yield* bed.inventory, nothing)
    })
  )
})
