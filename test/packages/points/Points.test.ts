/** What plugins from outside may say in an API server: the laws of each contract, and the packages of `examples/` in a cluster. */
import * as NodeServices from "@effect/platform-node/NodeServices"
import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { createHash } from "node:crypto"
import * as AuthenticationSuite from "../../../conformance/AuthenticationPoints.ts"
import * as AuthorizationSuite from "../../../conformance/AuthorizationPoints.ts"
import { Plugin as PluginKind } from "../../../plugins/packages/contracts/v1alpha1.ts"
import { Namespace } from "../../../plugins/resources/contracts/core/v1.ts"
import { sabotage, verify } from "../../Verify.ts"
import * as Asking from "./Asking.ts"
import { levels, offered } from "./Offered.ts"

for (const level of levels) {
  verify(level, AuthenticationSuite.suite, offered(AuthenticationSuite.suite.contract, "authentication-names", level))
  verify(level, AuthorizationSuite.suite, offered(AuthorizationSuite.suite.contract, "authorization-freeze", level))
}
sabotage(AuthenticationSuite.suite, offered(AuthenticationSuite.suite.contract, "authentication-names", "in-process"))
sabotage(AuthorizationSuite.suite, offered(AuthorizationSuite.suite.contract, "authorization-freeze", "in-process"))

const token = "names_correct-horse"
const tokens = {
  [createHash("sha256").update(token).digest("hex")]: { user: "ada", groups: ["engines"] },
  [createHash("sha256").update("names_root").digest("hex")]: { user: "root", groups: ["system:masters"] }
}
const configMap = (name: string) => ({ apiVersion: "v1", kind: "ConfigMap", metadata: { name } })
const maps = (namespace: string) => `/api/v1/namespaces/${namespace}/configmaps`

const logsIn = Effect.fnUntraced(function* ({ ask, client }: Asking.Asking) {
  const before = yield* ask({ path: "/version", token })
  assert.strictEqual(before.code, 401)
  yield* Asking.load(client, "authentication-names", { values: { tokens } })
  const whoami = {
    method: "POST",
    path: "/apis/authentication.k8s.io/v1/selfsubjectreviews",
    body: { apiVersion: "authentication.k8s.io/v1", kind: "SelfSubjectReview" }
  }
  const { body } = yield* Asking.until("whose the token is", ask({ ...whoami, token }), ({ code }) => code === 201)
  assert.deepStrictEqual(Object(body["status"]).userInfo, { username: "ada", groups: ["engines", "system:authenticated"] })
  // What is wrong stays wrong, and nobody becomes one of the cluster's own.
  assert.strictEqual((yield* ask({ ...whoami, token: "names_other" })).code, 401)
  assert.strictEqual((yield* ask({ ...whoami, token: "names_root" })).code, 401)
  const review = yield* ask({
    method: "POST",
    path: "/apis/authentication.k8s.io/v1/tokenreviews",
    body: { apiVersion: "authentication.k8s.io/v1", kind: "TokenReview", spec: { token } }
  })
  assert.strictEqual(Object(review.body["status"]).user.username, "ada")
})

const freezes = Effect.fnUntraced(function* ({ ask, client }: Asking.Asking) {
  yield* client.create(Namespace, { metadata: { name: "ice", labels: { freeze: "audit" } } })
  yield* client.create(Namespace, { metadata: { name: "sea" } })
  const role = (name: string) => ({
    method: "POST",
    path: "/apis/rbac.authorization.k8s.io/v1/clusterrolebindings",
    body: {
      apiVersion: "rbac.authorization.k8s.io/v1",
      kind: "ClusterRoleBinding",
      metadata: { name },
      roleRef: { apiGroup: "rbac.authorization.k8s.io", kind: "ClusterRole", name: "edit" },
      subjects: [{ apiGroup: "rbac.authorization.k8s.io", kind: "User", name: "ada" }]
    }
  })
  assert.strictEqual((yield* ask(role("ada"))).code, 201)
  const make = (namespace: string, name: string) =>
    ask({ method: "POST", path: maps(namespace), token, body: configMap(name) })
  yield* Asking.until("what a role allows", make("ice", "before"), ({ code }) => code === 201)

  yield* Asking.load(client, "authorization-freeze")
  const refused = yield* Asking.until("frozen", make("ice", "after"), ({ code }) => code !== 201 && code !== 409)
  assert.strictEqual(
    refused.body["message"],
    'configmaps is forbidden: User "ada" cannot create resource "configmaps" in API group "" in the namespace "ice": ice is frozen: audit'
  )
  assert.strictEqual((yield* make("sea", "after")).code, 201)
  assert.strictEqual((yield* ask({ path: maps("ice"), token })).code, 200)
  const review = yield* ask({
    method: "POST",
    path: "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews",
    token,
    body: {
      apiVersion: "authorization.k8s.io/v1",
      kind: "SelfSubjectAccessReview",
      spec: { resourceAttributes: { namespace: "ice", verb: "delete", resource: "secrets" } }
    }
  })
  assert.deepStrictEqual(review.body["status"], { allowed: false, denied: true, reason: "ice is frozen: audit" })

  const key = { namespace: "", name: "authorization-freeze" }
  yield* client.patch(PluginKind, key, "merge", { spec: { suspend: true } })
  yield* Asking.until("thawed", make("ice", "again"), ({ code }) => code === 201)
})

describe("packages in an API server", () => {
  it.live(
    "say whose a token is, and who may not",
    () =>
      Effect.gen(function* () {
        const cluster = yield* Asking.make
        yield* logsIn(cluster)
        yield* freezes(cluster)
      }).pipe(Effect.scoped, Effect.provide(NodeServices.layer)),
    120_000
  )
})
