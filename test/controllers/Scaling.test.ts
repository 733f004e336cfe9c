/** How a Deployment sizes its revisions, as tables. A set is `[age, replicas, available, max-replicas of its last scaling]`. */
import { assert, describe, it } from "@effect/vitest"
import * as Complete from "../../kernel/client/Complete.ts"
import * as Revision from "../../plugins/controllers/deployment/Revision.ts"
import * as Scaling from "../../plugins/controllers/deployment/Scaling.ts"
import { Deployment, ReplicaSet } from "../../plugins/resources/contracts/apps/v1.ts"

const [deployments, sets] = [Complete.make(Deployment.versions[0]), Complete.make(ReplicaSet.versions[0])]
type Wire = Parameters<typeof deployments>[0]

const template = { metadata: { labels: { a: "b" } }, spec: { containers: [{ name: "c", image: "i" }] } }
const selector = { matchLabels: { a: "b" } }

interface Rolling {
  readonly maxSurge: number | string
  readonly maxUnavailable: number | string
}
// A draft is JSON by its type, and complete it is what the schema says; hence the casts.
const deploymentOf = (replicas: number, rollingUpdate?: Rolling) =>
  deployments({
    metadata: { name: "d", uid: "d" },
    spec: {
      replicas,
      selector,
      template,
      strategy: rollingUpdate ? { type: "RollingUpdate", rollingUpdate } : { type: "Recreate" }
    }
  } as unknown as Wire) as unknown as Deployment

const setOf = ([age, replicas, available, max]: readonly [age: number, replicas: number, available: number, max?: number]) =>
  sets({
    metadata: {
      name: `s${age}`,
      uid: `s${age}`,
      creationTimestamp: new Date(100_000_000 - age * 1000).toISOString(),
      annotations: max === undefined ? {} : { [Revision.maxAnnotation]: `${max}` }
    },
    spec: { replicas, selector, template },
    status: { replicas, availableReplicas: available }
  } as unknown as Wire) as unknown as ReplicaSet

const sizes = (steps: ReadonlyArray<Scaling.Step>) =>
  Object.fromEntries(steps.map(([{ metadata }, size]) => [metadata.name, size]))

describe("a Deployment's sizes", () => {
  const rolling = (maxSurge: number | string, maxUnavailable: number | string) => ({ maxSurge, maxUnavailable })

  it("limits round up what may be too many and down what may be missing", () => {
    assert.deepStrictEqual(Scaling.limits(deploymentOf(10, rolling("25%", "25%"))), { surge: 3, unavailable: 2 })
    assert.deepStrictEqual(Scaling.limits(deploymentOf(1, rolling("25%", "25%"))), { surge: 1, unavailable: 0 })
    assert.deepStrictEqual(Scaling.limits(deploymentOf(3, rolling(0, "10%"))), { surge: 0, unavailable: 1 })
    assert.deepStrictEqual(Scaling.limits(deploymentOf(2, rolling(1, 5))), { surge: 1, unavailable: 2 })
    assert.deepStrictEqual(Scaling.limits(deploymentOf(2)), { surge: 0, unavailable: 0 })
  })

  it("a change of size in the middle of an update goes to all in proportion", () => {
    const deployment = deploymentOf(30, rolling(3, 2))
    assert.deepStrictEqual(sizes(Scaling.resize(deployment, setOf([0, 5, 0, 13]), [setOf([9, 8, 8, 13])])), {
      s9: 20,
      s0: 13
    })
    const smaller = deploymentOf(5, rolling(3, 2))
    assert.deepStrictEqual(sizes(Scaling.resize(smaller, setOf([0, 5, 0, 13]), [setOf([9, 8, 8, 13])])), { s9: 5, s0: 3 })
  })

  it("a change of size of one revision is its own", () => {
    assert.deepStrictEqual(sizes(Scaling.resize(deploymentOf(7, rolling(1, 0)), setOf([0, 3, 3, 4]), [setOf([9, 0, 0])])), {
      s0: 7
    })
    assert.deepStrictEqual(sizes(Scaling.resize(deploymentOf(0, rolling(1, 0)), undefined, [setOf([9, 3, 3])])), { s9: 0 })
  })

  const fresh: ReadonlyArray<
    readonly [what: string, replicas: number, surge: number, now: number, old: number, expected: number]
  > = [
    ["the first revision takes all", 10, 3, 0, 0, 10],
    ["the next begins with the surge", 10, 3, 0, 10, 3],
    ["it grows as others shrink", 10, 3, 3, 8, 5],
    ["it takes no more than there shall be", 10, 3, 9, 0, 10],
    ["it waits when there is no room", 10, 3, 3, 10, 3],
    ["it shrinks when it is too large", 10, 3, 12, 0, 10]
  ]
  for (const [what, replicas, surge, now, old, expected] of fresh) {
    it(what, () => {
      assert.strictEqual(Scaling.freshSize(deploymentOf(replicas, rolling(surge, 0)), now, [setOf([9, old, old])]), expected)
    })
  }

  it("old revisions shrink as far as enough are available, the unhealthy ones first", () => {
    const deployment = deploymentOf(10, rolling(3, 2))
    assert.deepStrictEqual(sizes(Scaling.shrink(deployment, setOf([0, 3, 0]), [setOf([9, 10, 10])])), { s9: 8 })
    assert.deepStrictEqual(sizes(Scaling.shrink(deployment, setOf([0, 5, 3]), [setOf([9, 8, 8])])), { s9: 5 })
    assert.deepStrictEqual(sizes(Scaling.shrink(deployment, setOf([0, 5, 0]), [setOf([9, 8, 8])])), {})
    // Two of its ten go, which its status does not say yet.
    assert.deepStrictEqual(sizes(Scaling.shrink(deployment, setOf([0, 3, 1]), [setOf([9, 8, 10])])), { s9: 7 })
    assert.deepStrictEqual(sizes(Scaling.shrink(deployment, setOf([0, 3, 3]), [setOf([9, 2, 0]), setOf([8, 8, 8])])), {
      s9: 0,
      s8: 5
    })
  })

  it("a hash is that of the template, whatever the order of its fields", () => {
    const { template } = deploymentOf(1).spec
    const { metadata, spec } = template
    assert.strictEqual(Revision.hashOf({ spec, metadata }), Revision.hashOf({ metadata, spec }))
    assert.notStrictEqual(Revision.hashOf(template), Revision.hashOf(template, 1))
    assert.match(Revision.hashOf(template), /^[bcdfghjklmnpqrstvwxz2456789]{5,10}$/)
  })

  it("a history goes on from any number of 64 bits", () => {
    const numbered = (revision: string) => ({
      ...setOf([1, 1, 1]),
      metadata: { name: "s", annotations: { [Revision.revisionAnnotation]: revision } }
    })
    const olds = ["3546343826724305832", "7", "none"].map(numbered) as unknown as ReadonlyArray<ReplicaSet>
    assert.strictEqual(
      Revision.annotationsOf(deploymentOf(1), {}, Revision.next(olds))[Revision.revisionAnnotation],
      "3546343826724305833"
    )
    assert.strictEqual(Revision.next([]), 1n)
  })
})
