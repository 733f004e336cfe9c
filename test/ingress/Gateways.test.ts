/** What Gateways and HTTPRoutes come to, and what their statuses say. Gateway API's own suite was run by hand; this keeps its core. */
import { assert, describe, it } from "@effect/vitest"
import * as Attach from "../../plugins/ingress/gateway/Attach.ts"
import * as Gateways from "../../plugins/ingress/gateway/Gateways.ts"
import type { Gateway, Grant, Route } from "../../plugins/ingress/gateway/Objects.ts"

const metadata = (name: string, namespace = "infra") => ({
  ...{ name, namespace, uid: name, resourceVersion: "1", generation: 1, creationTimestamp: "2026-01-01T00:00:00Z" }
})
const known = <Spec>(name: string, spec: Spec, namespace?: string) => {
  const about = metadata(name, namespace)
  return { metadata: about, spec, object: { metadata: about } }
}
const gateway = (listeners: Gateway["spec"]["listeners"]): Gateway => known("gw", { gatewayClassName: "keelson", listeners })
const http = { name: "http", port: 80, protocol: "HTTP" }
const route = (spec: Route["spec"], namespace?: string): Route =>
  known("web", { parentRefs: [{ name: "gw", namespace: "infra" }], ...spec }, namespace)

const translate = (gateways: ReadonlyArray<Gateway>, routes: ReadonlyArray<Route>, grants: ReadonlyArray<Grant> = []) =>
  Gateways.translate({
    ...{ gateways, routes, grants, nodes: [] },
    service: () => undefined,
    slices: () => [],
    secret: () => undefined,
    labelsOf: () => ({})
  })
const reasons = (all: ReadonlyArray<{ readonly type: string; readonly status: boolean; readonly reason: string }>) =>
  all.map(({ reason, status, type }) => `${type}=${status} ${reason}`)
const parents = (result: Gateways.Result) => result.routes.flatMap((one) => one.parents.map((p) => reasons(p.conditions)))

describe("Gateways", () => {
  it("hosts of a listener and of a route meet in those that are both", () => {
    assert.deepStrictEqual(Attach.common("", ["a.example"]), ["a.example"])
    assert.deepStrictEqual(Attach.common("a.example", []), ["a.example"])
    assert.deepStrictEqual(Attach.common("*.example", ["a.example", "b.a.example", "example", "*.a.example"]), [
      ...["a.example", "b.a.example", "*.a.example"]
    ])
    assert.deepStrictEqual(Attach.common("a.example", ["*.example", "b.example"]), ["a.example"])
  })
  it("a route says why it comes to no listener", () => {
    const own = [gateway([{ ...http, hostname: "a.example" }])]
    const at = (about: object) => [{ name: "gw", namespace: "infra", ...about }]
    assert.deepStrictEqual(parents(translate(own, [route({ parentRefs: at({ sectionName: "no" }) })])), [
      ["Accepted=false NoMatchingParent", "ResolvedRefs=true ResolvedRefs"]
    ])
    assert.deepStrictEqual(parents(translate(own, [route({}, "other")])), [
      ["Accepted=false NotAllowedByListeners", "ResolvedRefs=true ResolvedRefs"]
    ])
    assert.deepStrictEqual(parents(translate(own, [route({ hostnames: ["b.example"] })])), [
      ["Accepted=false NoMatchingListenerHostname", "ResolvedRefs=true ResolvedRefs"]
    ])
  })
  it("a backend in another namespace needs a grant there", () => {
    const all = { ...http, allowedRoutes: { namespaces: { from: "All" } } }
    const asked = route({ rules: [{ backendRefs: [{ name: "db", namespace: "data", port: 80 }] }] }, "apps")
    const grant: Grant = known(
      "grant",
      {
        from: [{ group: "gateway.networking.k8s.io", kind: "HTTPRoute", namespace: "apps" }],
        to: [{ group: "", kind: "Service" }]
      },
      "data"
    )
    assert.deepStrictEqual(parents(translate([gateway([all])], [asked])), [
      ["Accepted=true Accepted", "ResolvedRefs=false RefNotPermitted"]
    ])
    assert.deepStrictEqual(parents(translate([gateway([all])], [asked], [grant])), [
      ["Accepted=true Accepted", "ResolvedRefs=false BackendNotFound"]
    ])
  })
  it("listeners that cannot be served say why", () => {
    const { gateways } = translate(
      [
        gateway([
          http,
          { ...http, name: "tcp", port: 81, protocol: "TCP" },
          { ...http, name: "tls", port: 443, protocol: "HTTPS" }
        ])
      ],
      []
    )
    const [only] = gateways
    assert.deepStrictEqual(
      only?.listeners.map(({ conditions }) => reasons(conditions).slice(0, 3)),
      [
        ["Accepted=true Accepted", "ResolvedRefs=true ResolvedRefs", "Programmed=true Programmed"],
        ["Accepted=false UnsupportedProtocol", "ResolvedRefs=true ResolvedRefs", "Programmed=false Invalid"],
        ["Accepted=true Accepted", "ResolvedRefs=false InvalidCertificateRef", "Programmed=false Invalid"]
      ]
    )
    assert.deepStrictEqual(
      only?.listeners.map((one) => one.supportedKinds.length),
      [1, 0, 1]
    )
  })
})
