import { assert, describe, it } from "@effect/vitest"
import type { PolicyRule } from "../../plugins/resources/contracts/rbac/v1.ts"
import { allows, type Asked, exceeding, shown } from "../../plugins/authorization/Rules.ts"

const ask = (verb: string, resource: string, more: Partial<Asked> = {}): Asked => ({
  verb,
  group: "",
  resource,
  subresource: "",
  name: "",
  ...more
})
const pods: PolicyRule = { verbs: ["get", "list"], apiGroups: [""], resources: ["pods", "pods/log"] }
const named: PolicyRule = { verbs: ["get"], apiGroups: [""], resources: ["configmaps"], resourceNames: ["a"] }
const scale: PolicyRule = { verbs: ["update"], apiGroups: ["*"], resources: ["*/scale"] }
const any: PolicyRule = { verbs: ["*"], apiGroups: ["*"], resources: ["*"] }
const paths: PolicyRule = { verbs: ["get"], nonResourceURLs: ["/healthz", "/apis/*"] }

describe("one rule", () => {
  const table: ReadonlyArray<readonly [PolicyRule, Asked, boolean]> = [
    [pods, ask("get", "pods"), true],
    [pods, ask("watch", "pods"), false],
    [pods, ask("get", "pods", { subresource: "log" }), true],
    [pods, ask("get", "pods", { subresource: "exec" }), false],
    [pods, ask("get", "pods", { group: "metrics.k8s.io" }), false],
    [pods, ask("get", "", { path: "/healthz" }), false],
    [named, ask("get", "configmaps", { name: "a" }), true],
    [named, ask("get", "configmaps", { name: "b" }), false],
    [named, ask("get", "configmaps"), false],
    [scale, ask("update", "deployments", { group: "apps", subresource: "scale" }), true],
    [scale, ask("update", "deployments", { group: "apps" }), false],
    [any, ask("delete", "nodes", { subresource: "proxy" }), true],
    [any, ask("get", "", { path: "/metrics" }), false],
    [paths, ask("get", "", { path: "/healthz" }), true],
    [paths, ask("get", "", { path: "/healthz/x" }), false],
    [paths, ask("get", "", { path: "/apis/apps/v1" }), true],
    [paths, ask("post", "", { path: "/apis/apps" }), false]
  ]
  for (const [rule, asked, expected] of table) {
    it(`${shown(rule)} ${expected ? "allows" : "does not allow"} ${JSON.stringify(asked)}`, () =>
      assert.strictEqual(allows(rule, asked), expected))
  }
})

describe("what exceeds one's own rules", () => {
  it("nothing: the same, less, or under everything", () => {
    assert.deepStrictEqual(exceeding([pods, named, scale], [pods, named, scale]), [])
    assert.deepStrictEqual(exceeding([{ ...pods, verbs: ["list"] }], [pods]), [])
    assert.deepStrictEqual(exceeding([pods, named, scale, any, paths], [any, { verbs: ["*"], nonResourceURLs: ["*"] }]), [])
    const bySubresource: PolicyRule = { verbs: ["update"], apiGroups: ["apps"], resources: ["deployments/scale"] }
    assert.deepStrictEqual(exceeding([bySubresource], [scale]), [])
  })
  it("each verb, resource, name and path that is not held", () => {
    const { resourceNames: _, ...unnamed } = named
    assert.deepStrictEqual(exceeding([unnamed], [named]), [{ apiGroups: [""], resources: ["configmaps"], verbs: ["get"] }])
    assert.deepStrictEqual(exceeding([{ ...pods, verbs: ["get", "watch"] }], [pods]), [
      { apiGroups: [""], resources: ["pods"], verbs: ["watch"] },
      { apiGroups: [""], resources: ["pods/log"], verbs: ["watch"] }
    ])
    assert.strictEqual(exceeding([any], [pods]).length, 1)
    assert.deepStrictEqual(exceeding([{ verbs: ["get"], nonResourceURLs: ["/*"] }], [paths]), [
      { nonResourceURLs: ["/*"], verbs: ["get"] }
    ])
  })
})
