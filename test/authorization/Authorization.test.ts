import { assert, describe, it } from "@effect/vitest"
import { Effect, Layer } from "effect"
import type { WireObject } from "../../kernel/client/Api.ts"
import type { Client } from "../../kernel/client/Client.ts"
import { Actions } from "../../kernel/pipeline/Actions.ts"
import type { Attributes, User } from "../../kernel/pipeline/Attributes.ts"
import { Admissions, Authorizers } from "../../kernel/pipeline/Policy.ts"
import type { Any } from "../../kernel/resource/Kind.ts"
import * as Aggregation from "../../plugins/authorization/Aggregation.ts"
import * as Authorization from "../../plugins/authorization/Authorization.ts"
import * as Bootstrap from "../../plugins/authorization/Bootstrap.ts"
import * as Review from "../../plugins/resources/contracts/authorization/v1.ts"
import { ClusterRole, ClusterRoleBinding, Role, RoleBinding } from "../../plugins/resources/contracts/rbac/v1.ts"
import * as MemoryClient from "../network/MemoryClient.ts"
import { admitted } from "../admission/Admitted.ts"

const rbac = "rbac.authorization.k8s.io"
const user = (name: string, ...groups: ReadonlyArray<string>): User => ({
  name,
  groups: [...groups, "system:authenticated"]
})
const jane = user("jane")

const asked = (who: User, verb: string, resource: string, more: Partial<Attributes> = {}): Attributes => {
  const [plural = "", subresource = ""] = resource.split("/")
  return { user: who, verb, group: "", version: "v1", resource: plural, subresource, namespace: "", name: "", ...more }
}

const decide = (attributes: Attributes) =>
  Effect.map(Authorizers, (all) => {
    const decisions = all.all().map(({ use }) => use(attributes))
    return decisions.find(({ decision }) => decision !== "noOpinion") ?? { decision: "noOpinion" as const }
  })
const allowed = (...args: Parameters<typeof asked>) =>
  Effect.map(decide(asked(...args)), ({ decision }) => decision === "allow")

const review = (kind: Any, spec: WireObject, by: User = jane, namespace = "") =>
  Effect.gen(function* () {
    const action = (yield* Actions).find(kind.storage, "")
    if (action === undefined) return assert.fail(`${kind.kind} has no action`)
    const at = { user: by, served: { kind, strategy: {} }, version: kind.versions[0], namespace, name: "", subresource: "" }
    const { status } = yield* action.act(at, { spec, status: { allowed: false, resourceRules: null } }, {}, () =>
      Effect.die("nothing is rewritten")
    )
    return status as WireObject
  })

const admit = (kind: Any, object: WireObject, by: User, namespace = "") =>
  Effect.gen(function* () {
    const attributes = asked(by, "create", kind.plural, { group: rbac, namespace, name: "x" })
    for (const { validate } of (yield* Admissions).all()) {
      yield* validate?.(admitted(attributes, kind, { object: { metadata: { name: "x" }, ...object } })) ?? Effect.void
    }
  })

const binding = (role: string, ...subjects: ReadonlyArray<string>) => ({
  roleRef: { kind: "ClusterRole", name: role },
  subjects: subjects.map((name) => ({ kind: "User", name }))
})

/** A started cluster in which jane may edit `dev`. */
const run = <A, E>(
  test: (objects: MemoryClient.Objects) => Effect.Effect<A, E, Actions | Admissions | Authorizers | Client>
) => {
  const objects = new MemoryClient.Objects()
  objects.put(RoleBinding, { metadata: { namespace: "dev", name: "jane" }, ...binding("edit", "jane") })
  const registries = Layer.mergeAll(Authorizers.layer, Admissions.layer, Actions.layer)
  const policy = Layer.mergeAll(Authorization.layer, Bootstrap.layer, Aggregation.layer)
  const layer = policy.pipe(Layer.provideMerge(registries), Layer.provideMerge(MemoryClient.layer(objects)))
  // Aggregation runs beside; two turns are enough for `edit` to have become part of `admin`.
  const settled = Effect.andThen(
    Effect.forEach(Array.from({ length: 50 }), () => Effect.yieldNow),
    test(objects)
  )
  return Effect.provide(settled, layer)
}

describe("authorization", () => {
  it.effect("bindings count where they are, and roles by reference", () =>
    run((objects) =>
      Effect.gen(function* () {
        const dev = { namespace: "dev" }
        assert.isTrue(yield* allowed(jane, "create", "pods", dev))
        assert.isTrue(yield* allowed(jane, "get", "pods/log", dev))
        assert.isTrue(yield* allowed(jane, "get", "namespaces", { name: "dev" }))
        assert.isFalse(yield* allowed(jane, "create", "pods", { namespace: "prod" }))
        assert.isFalse(yield* allowed(jane, "create", "roles", { ...dev, group: rbac }))
        assert.isFalse(yield* allowed(user("joe"), "get", "pods", dev))
        objects.put(ClusterRoleBinding, { metadata: { name: "viewers" }, ...binding("view", "joe") })
        assert.deepStrictEqual(yield* decide(asked(user("joe"), "get", "pods", dev)), {
          decision: "allow",
          reason: `RBAC: allowed by ClusterRoleBinding "viewers" of ClusterRole "view"`
        })
        objects.put(ClusterRoleBinding, { metadata: { name: "viewers" }, ...binding("gone", "joe") })
        const all = (yield* Authorizers).all().map(({ use }) => use(asked(user("joe"), "get", "pods", dev)))
        assert.deepStrictEqual(all.at(-1), {
          decision: "noOpinion",
          reason: `RBAC: clusterrole.${rbac} "gone" not found`
        })
      })
    )
  )

  it.effect("the bootstrap roles do for their owners what they must", () =>
    run(() =>
      Effect.gen(function* () {
        const account = (name: string) => user(`system:serviceaccount:kube-system:${name}`)
        const node = user("system:node:n1", "system:nodes")
        const web = { namespace: "default" }
        const expected: ReadonlyArray<readonly [boolean, ...Parameters<typeof asked>]> = [
          [true, node, "create", "serviceaccounts/token", web],
          [true, node, "patch", "pods/status", web],
          [false, node, "create", "deployments", { ...web, group: "apps" }],
          [true, user("system:kube-proxy"), "watch", "endpointslices", { group: "discovery.k8s.io" }],
          [true, account("dns"), "watch", "services", {}],
          [false, account("dns"), "list", "secrets", {}],
          [true, account("deployment-controller"), "create", "replicasets", { ...web, group: "apps" }],
          [false, account("deployment-controller"), "delete", "pods", web],
          [true, account("replicaset-controller"), "create", "pods", web],
          [true, account("generic-garbage-collector"), "delete", "widgets", { ...web, group: "example.com" }],
          [true, account("generic-garbage-collector-controller"), "delete", "pods", web],
          [true, account("job-controller"), "update", "leases", { namespace: "kube-system", group: "coordination.k8s.io" }],
          [true, user("system:kube-scheduler"), "create", "pods/binding", web],
          [true, user("kube-apiserver-kubelet-client"), "create", "nodes/proxy", { name: "n1" }],
          [true, jane, "get", "", { path: "/apis/apps/v1" }],
          [true, jane, "create", "selfsubjectreviews", { group: "authentication.k8s.io" }],
          [false, jane, "get", "", { path: "/metrics" }],
          [true, { name: "system:anonymous", groups: ["system:unauthenticated"] }, "get", "", { path: "/livez" }]
        ]
        for (const [answer, ...args] of expected) {
          assert.strictEqual(yield* allowed(...args), answer, JSON.stringify(args))
        }
      })
    )
  )

  it.effect("admin contains edit contains view, and a start repairs what is missing only", () =>
    run((objects) =>
      Effect.gen(function* () {
        const rules = (name: string) => objects.table(ClusterRole).get({ namespace: "", name })?.rules ?? []
        assert.isAbove(rules("edit").length, rules("view").length)
        assert.isAbove(rules("admin").length, rules("edit").length)
        const basic = objects.table(ClusterRole).get({ namespace: "", name: "system:basic-user" })
        if (basic === undefined) return assert.fail("no system:basic-user")
        const own = { apiGroups: [""], resources: ["pods"], verbs: ["get"] }
        objects.put(ClusterRole, { metadata: basic.metadata, rules: [own] })
        const before = objects.table(ClusterRoleBinding).get({ namespace: "", name: "cluster-admin" })
        yield* Bootstrap.run
        assert.deepInclude(rules("system:basic-user"), own)
        assert.isAbove(rules("system:basic-user").length, 2)
        assert.strictEqual(objects.table(ClusterRoleBinding).get({ namespace: "", name: "cluster-admin" }), before)
      })
    )
  )

  it.effect("reviews answer for oneself and for others", () =>
    run(() =>
      Effect.gen(function* () {
        const create = { verb: "create", resource: "pods", namespace: "dev" }
        const self = yield* review(Review.SelfSubjectAccessReview, { resourceAttributes: create })
        assert.strictEqual(self["allowed"], true)
        const other = { user: "joe", groups: null, resourceAttributes: create }
        assert.strictEqual((yield* review(Review.SubjectAccessReview, other))["allowed"], false)
        const masters = { groups: ["system:masters"], resourceAttributes: create }
        assert.strictEqual((yield* review(Review.SubjectAccessReview, masters))["allowed"], true)
        const path = { user: "joe", groups: ["system:authenticated"], nonResourceAttributes: { verb: "get", path: "/api" } }
        assert.strictEqual((yield* review(Review.SubjectAccessReview, path))["allowed"], true)
        const fails = (kind: Any, spec: WireObject) => Effect.map(Effect.flip(review(kind, spec)), ({ _tag }) => _tag)
        assert.strictEqual(yield* fails(Review.SubjectAccessReview, { resourceAttributes: create }), "Invalid")
        assert.strictEqual(yield* fails(Review.SelfSubjectAccessReview, {}), "Invalid")
        assert.strictEqual(yield* fails(Review.LocalSubjectAccessReview, other), "Invalid")
        const rules = yield* review(Review.SelfSubjectRulesReview, { namespace: "dev" })
        assert.isTrue(JSON.stringify(rules["resourceRules"]).includes("deployments"))
        assert.strictEqual(rules["incomplete"], false)
      })
    )
  )

  it.effect("nobody grants more than he has", () =>
    run((objects) =>
      Effect.gen(function* () {
        const secrets = { verbs: ["get"], apiGroups: [""], resources: ["secrets"] }
        const nodes = { verbs: ["get"], apiGroups: [""], resources: ["nodes"] }
        const ref = (kind: string, name: string) => ({ roleRef: { kind, name }, subjects: [{ kind: "User", name: "joe" }] })
        yield* admit(Role, { rules: [secrets] }, jane, "dev")
        const refused = yield* Effect.flip(admit(Role, { rules: [secrets, nodes] }, jane, "dev"))
        assert.strictEqual(refused._tag, "Forbidden")
        assert.include(JSON.stringify(refused), "is attempting to grant RBAC permissions not currently held")
        yield* admit(RoleBinding, ref("ClusterRole", "view"), jane, "dev")
        assert.strictEqual(
          (yield* Effect.flip(admit(RoleBinding, ref("ClusterRole", "cluster-admin"), jane, "dev")))._tag,
          "Forbidden"
        )
        assert.strictEqual((yield* Effect.flip(admit(RoleBinding, ref("Role", "gone"), jane, "dev")))._tag, "NotFound")
        objects.put(ClusterRole, {
          metadata: { name: "binder" },
          rules: [{ apiGroups: [rbac], resources: ["clusterroles"], verbs: ["bind"] }]
        })
        objects.put(ClusterRoleBinding, { metadata: { name: "binder" }, ...binding("binder", "jane") })
        yield* admit(RoleBinding, ref("ClusterRole", "cluster-admin"), jane, "dev")
        yield* admit(ClusterRole, { rules: [nodes], aggregationRule: {} }, user("root", "system:masters"))
        assert.strictEqual((yield* Effect.flip(admit(ClusterRole, { aggregationRule: {} }, jane)))._tag, "Forbidden")
      })
    )
  )
})
