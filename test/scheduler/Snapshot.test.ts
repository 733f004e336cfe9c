/** What the scheduler keeps of the cluster: a Pod that comes as it was assumed to come is no change. */
import { assert, describe, it } from "@effect/vitest"
import { Snapshot } from "../../plugins/scheduler/Snapshot.ts"
import { podOf } from "../controllers/Pods.ts"
import { nodeOf } from "./Nodes.ts"

const zone = "topology.kubernetes.io/zone"
const assumed = () => {
  const snapshot = new Snapshot()
  snapshot.setNode(nodeOf("a", { labels: { [zone]: "z" } }))
  const pod = podOf({ name: "p", labels: { app: "web" } })
  snapshot.assume(snapshot.infoOf(pod), "a")
  const bound = (labels: Record<string, string>) => ({
    ...pod,
    metadata: { ...pod.metadata, labels, resourceVersion: "90" },
    spec: { ...pod.spec, nodeName: "a" }
  })
  const seen = () => ({ generation: snapshot.find("a")?.generation, pods: snapshot.revision.pods })
  return { snapshot, bound, seen }
}

describe("a Pod where it was assumed to be", () => {
  it("is no change, with the labels that it gets there", () => {
    const { bound, seen, snapshot } = assumed()
    const before = seen()
    snapshot.setPod(bound({ app: "web", [zone]: "z" }))
    assert.deepStrictEqual(seen(), before)
    assert.strictEqual(snapshot.seen.pods, 90)
  })
  it("is one with others", () => {
    const { bound, seen, snapshot } = assumed()
    const before = seen()
    snapshot.setPod(bound({ app: "web" }))
    assert.notStrictEqual(seen().generation, before.generation)
    assert.strictEqual(seen().pods, 90)
  })
})
