/** What is said of a package on nodes: the worst of what each of them says, and how it died last. */
import { assert, it } from "@effect/vitest"
import type { Manifest } from "../../plugins/packages/contracts/Manifest.ts"
import type { PluginOnNode } from "../../plugins/packages/contracts/NodeState.ts"
import type { Plugin } from "../../plugins/packages/contracts/v1alpha1.ts"
import * as NodeReport from "../../plugins/packages/node/NodeReport.ts"

const manifest: Manifest = {
  ...{ name: "lab", version: "1.0.0", module: "plugin.ts" },
  offers: [{ contract: "dns/ClusterDns", version: "^1.0.0" }]
}
const kept = { directory: "/lab", source: "/lab", digest: "sha256:a", manifest, module: new URL("file:///lab/plugin.ts") }
const plugin: Plugin = {
  metadata: { name: "lab", uid: "u", resourceVersion: "1", creationTimestamp: "2026-01-01T00:00:00Z", generation: 1 },
  spec: { source: { path: "/lab" }, rollbackWindowSeconds: 60, rollbackErrorPercent: 25 },
  status: {}
}
const runs: PluginOnNode = { state: "Running", generation: 1, digest: "sha256:a", version: "1.0.0" }
const died = (reason: string, finishedAt: string): PluginOnNode => ({
  ...runs,
  restarts: 1,
  lastDeath: { reason, finishedAt }
})
const statusOf = (...said: ReadonlyArray<PluginOnNode>) =>
  NodeReport.status(
    plugin,
    { kept, nodes: said.map((said, index) => ({ name: `n${index + 1}`, said })) },
    "2026-01-02T00:00:00Z"
  )

it("the last death of any node is told, by the node's name", () => {
  const { lastDeath, restarts, state } = statusOf(
    runs,
    died("out of memory", "2026-01-01T02:00:00Z"),
    died("its thread has ended", "2026-01-01T01:00:00Z")
  )
  assert.deepStrictEqual(lastDeath, { reason: "node n2: out of memory", finishedAt: "2026-01-01T02:00:00Z" })
  assert.deepStrictEqual([state, restarts], ["Running", 2])
  assert.isUndefined(statusOf(runs).lastDeath)
})

it("one node that refuses it is enough for it to have failed", () => {
  const { reason, state } = statusOf(runs, { state: "Failed", generation: 1, reason: "the place is taken" })
  assert.deepStrictEqual([state, reason], ["Failed", "node n2: the place is taken"])
})
