/** What is answered of usage: objects, and rows for those who print them. */
import { assert, it } from "@effect/vitest"
import * as Answers from "../../plugins/metrics-server/Answers.ts"
import type { Usage } from "../../plugins/metrics-server/Samples.ts"
import type { Node, Pod } from "../../plugins/resources/contracts/core/v1.ts"

const used: Usage = { cpu: 0.25, memory: 2 << 20, at: 0, window: 15_000 }
/** Of a node and a Pod nothing else is read, hence the casts. */
const node = { metadata: { name: "n", labels: { zone: "a" } } } as unknown as Node
const pod = { metadata: { name: "p", namespace: "default" }, spec: { nodeName: "n" } } as unknown as Pod
const sources: Answers.Sources = {
  scraped: {
    node: (name) => (name === "n" ? used : undefined),
    pod: () =>
      new Map([
        ["a", used],
        ["b", used]
      ])
  },
  nodes: () => [node],
  pods: () => [pod]
}
const ask = (path: string, query = "", accept = "application/json") =>
  Answers.answer(`${Answers.root}/${path}`, { query: new URLSearchParams(query), accept }, sources)
const table = "application/json;as=Table;v=v1;g=meta.k8s.io,application/json"

it("answers with objects and lists", () => {
  assert.deepNestedInclude(ask("nodes/n").body, { "usage.cpu": "250000000n", window: "15s" })
  const body: { readonly items?: ReadonlyArray<unknown> } = ask("namespaces/default/pods").body
  assert.strictEqual(body.items?.length, 1)
  assert.deepNestedInclude(ask("nodes", "labelSelector=zone%3Db").body, { kind: "NodeMetricsList" })
  assert.strictEqual(ask("nodes/other").code, 404)
})

it("answers with rows, a Pod's containers in one", () => {
  const rowOf = (name: string, cpu: string, memory: string, object: unknown) => [
    { cells: [name, cpu, memory, "15s"], object }
  ]
  const pods: { readonly rows?: unknown } = ask("pods", "includeObject=None", table).body
  assert.deepStrictEqual(pods.rows, rowOf("p", "500000000n", "4096Ki", null))
  assert.deepNestedInclude(ask("nodes/n", "", table).body, {
    kind: "Table",
    "columnDefinitions[1].name": "cpu",
    "rows[0].object.kind": "PartialObjectMetadata"
  })
})
