/** Kinds of plugins from outside: the laws, and a kind with its columns, its schema and what no schema can say. */
import * as NodeServices from "@effect/platform-node/NodeServices"
import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import * as KindSuite from "../../../conformance/KindPoints.ts"
import { sabotage, verify } from "../../Verify.ts"
import * as Asking from "./Asking.ts"
import { offered } from "./Offered.ts"

const suite = KindSuite.suite
verify("in-process", suite, offered(suite.contract, "kinds-backup", "in-process"))
verify("worker", suite, offered(suite.contract, "kinds-backup", "worker"))
sabotage(suite, offered(suite.contract, "kinds-backup", "in-process"))

const path = "/apis/backups.example/v1/namespaces/default/backups"
const backup = (name: string, spec: object) => ({
  method: "POST",
  path,
  body: { apiVersion: "backups.example/v1", kind: "Backup", metadata: { name }, spec }
})

const story = Effect.gen(function* () {
  const { ask, client } = yield* Asking.make
  yield* Asking.load(client, "kinds-backup")
  const good = backup("a", { claimName: "data", everyHours: 6, keepHours: 24 })
  yield* Asking.until("the kind", ask(good), ({ code }) => code === 201)
  const table = yield* ask({ path, headers: { accept: "application/json;as=Table;v=v1;g=meta.k8s.io" } })
  assert.deepStrictEqual(
    Object(table.body)["columnDefinitions"].map(({ name }: { readonly name: string }) => name),
    ["Name", "Claim", "Every", "Last"]
  )
  assert.deepStrictEqual(Object(table.body)["rows"][0].cells, ["a", "data", 6, null])
  const unfit = yield* ask(backup("b", { claimName: "data", everyHours: 0, keepHours: 24 }))
  assert.strictEqual(unfit.code, 422)
  assert.match(unfit.text, /spec\.everyHours in body should be greater than or equal to 1/)
  const wrong = yield* ask(backup("c", { claimName: "data", everyHours: 6, keepHours: 2 }))
  assert.strictEqual(wrong.code, 422)
  assert.strictEqual(
    wrong.body["message"],
    'Backup.backups.example "c" is invalid: spec.keepHours: Invalid value: 2: must be at least everyHours'
  )
})

describe("kinds of plugins", () => {
  it.live("are served, shown and judged", () => story.pipe(Effect.scoped, Effect.provide(NodeServices.layer)), 120_000)
})
