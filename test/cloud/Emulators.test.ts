/** The emulators of clouds refuse what the clouds' own descriptions of their APIs do not know, or demand and do not find. */
import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import * as Apis from "../../conformance/cloud/Apis.ts"
import * as Azure from "../../conformance/cloud/azure/Server.ts"
import * as Gcp from "../../conformance/cloud/gcp/Server.ts"
import { left } from "../Left.ts"

const lacks = [...Apis.lacks("compute.v1.json"), ...Apis.lacks("azure.json")]

const send = (endpoint: URL, method: string, path: string, body?: unknown) =>
  Effect.promise(async () => {
    const answer = await fetch(new URL(path, endpoint), {
      method,
      headers: { authorization: "Bearer laws-token" },
      ...(body !== undefined && { body: JSON.stringify(body) })
    })
    return { status: answer.status, text: await answer.text() }
  })

const addresses = "/compute/v1/projects/p/regions/r/addresses"
const rules = "/compute/v1/projects/p/global/firewalls"
const balancer = "/subscriptions/s/resourceGroups/g/providers/Microsoft.Network/loadBalancers/web?api-version=2026-01-01"
const route = { properties: { addressPrefix: "10.0.0.0/24" } }

describe.skipIf(lacks.length > 0)(`emulators of clouds${left(lacks)}`, () => {
  it.live("Compute Engine", () =>
    Effect.gen(function* () {
      const { compute, endpoint } = yield* Gcp.start
      const refused = Effect.fnUntraced(function* (why: RegExp, method: string, path: string, body?: unknown) {
        const { status, text } = yield* send(endpoint, method, path, body)
        assert.strictEqual(status, 400, text)
        assert.match(text, why)
      })
      yield* refused(/there is no such field/, "POST", addresses, { name: "a", addressTipe: "EXTERNAL" })
      yield* refused(/is none of/, "POST", addresses, { name: "a", addressType: "OUTSIDE" })
      yield* refused(/is no string/, "POST", addresses, { name: 1, addressType: "EXTERNAL" })
      yield* refused(/for answers only/, "POST", addresses, { name: "a", addressType: "EXTERNAL", status: "IN_USE" })
      yield* refused(/body\.name: is missing/, "POST", addresses, { addressType: "EXTERNAL" })
      yield* refused(/there is no parameter/, "GET", `${addresses}?filters=x`)
      yield* refused(/is not as/, "GET", "/compute/v1/projects/p/regions/EUROPE/addresses")
      yield* refused(/there is no such method/, "PUT", addresses, { name: "a" })
      yield* refused(/a body that nobody reads/, "DELETE", `${addresses}/a`, {})
      yield* refused(/network: is missing/, "POST", rules, { name: "a", allowed: [], sourceRanges: [] })
      assert.strictEqual(compute.resources.size, 0)
      const { status } = yield* send(endpoint, "POST", addresses, { name: "a", addressType: "EXTERNAL" })
      assert.strictEqual(status, 200)
      assert.strictEqual((yield* send(endpoint, "POST", addresses, { name: "a", addressType: "EXTERNAL" })).status, 409)
    })
  )

  it.live("Azure's Resource Manager", () =>
    Effect.gen(function* () {
      const { endpoint, manager } = yield* Azure.start
      const refused = Effect.fnUntraced(function* (why: RegExp, method: string, path: string, body?: unknown) {
        const { status, text } = yield* send(endpoint, method, path, body)
        assert.strictEqual(status, 400, text)
        assert.match(text, why)
      })
      const location = "westeurope"
      yield* refused(/there is no such field/, "PUT", balancer, { location, properties: { frontends: [] } })
      yield* refused(/is none of/, "PUT", balancer, { location, sku: { name: "Huge" } })
      yield* refused(/for answers only/, "PUT", balancer, { location, properties: { provisioningState: "Succeeded" } })
      yield* refused(/location property is required/, "PUT", balancer, {})
      yield* refused(/frontendPort: is missing/, "PUT", balancer, {
        location,
        properties: { loadBalancingRules: [{ name: "a", properties: { protocol: "Tcp" } }] }
      })
      yield* refused(
        /nextHopType: is missing/,
        "PUT",
        balancer.replace("loadBalancers/web", "routeTables/t/routes/r"),
        route
      )
      yield* refused(/api-version is missing/, "GET", balancer.replace(/\?.*/, ""))
      yield* refused(/is not 2026-01-01/, "GET", balancer.replace("2026-01-01", "2016-01-01"))
      yield* refused(/there is no parameter/, "GET", `${balancer}&force=true`)
      yield* refused(/there is no such operation/, "POST", balancer, {})
      assert.strictEqual(manager.resources.size, 0)
      assert.strictEqual((yield* send(endpoint, "PUT", balancer, { location, sku: { name: "Standard" } })).status, 201)
    })
  )
})
