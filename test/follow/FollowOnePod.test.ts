/**
 * The way of one Pod through the house, told by the spans that are recorded on it, is the one that the README describes: the tree
 * is compared with a golden file (`vitest run -u` writes it anew), and so is each stop of the README's table.
 */
import { assert, describe, expect, it } from "@effect/vitest"
import { Effect, Option, Schedule, type Tracer } from "effect"
import { existsSync, readFileSync } from "node:fs"
import { join, resolve } from "node:path"
import { Client } from "../../kernel/client/Client.ts"
import { Deployment } from "../../plugins/resources/contracts/apps/v1.ts"
import { Service } from "../../plugins/resources/contracts/core/v1.ts"
import { EndpointSlice } from "../../plugins/resources/contracts/discovery/v1.ts"
import { cluster } from "./Cluster.ts"
import { print, recorder, tree } from "./Spans.ts"

const root = resolve(import.meta.dirname, "../..")

/** A row of the table: `| 3 | what happens | [file](file) | \`span\` |`. */
const row = /^\| *\d+ *\|[^|]*\| *\[[^\]]*\]\(([^)]+)\) *\| *(?:`([^`]+)`|–) *\|$/gm
const stops = [...readFileSync(join(root, "README.md"), "utf8").matchAll(row)].map(([, file = "", span]) => ({ file, span }))
const spansOf = (given: typeof stops) => given.flatMap(({ span }) => (span === undefined ? [] : [span]))
const shown = new Set(spansOf(stops))
/** Steps that many stops have in common are told below each of them. */
const common = new Set(spansOf(stops).filter((span) => span.startsWith("Pipeline.")))
/** The runtime in memory has no spans, so the walk does not come by an adapter. */
const walked = spansOf(stops.filter(({ file }) => !file.startsWith("adapters/")))

const labels = { app: "web" }
const at = { namespace: "default", name: "web" }
const deployment = {
  metadata: at,
  spec: {
    replicas: 1,
    selector: { matchLabels: labels },
    template: { metadata: { labels }, spec: { containers: [{ name: "web", image: "web:1" }] } }
  }
}

/** Waits for what the recorded spans or the cluster will come to show. */
const eventually = <E, R>(holds: Effect.Effect<boolean, E, R>) =>
  holds.pipe(Effect.repeat({ schedule: Schedule.spaced("20 millis"), until: (yes) => yes }), Effect.timeout("40 seconds"))

const isAvailable = Effect.flatMap(Client, (client) =>
  Effect.map(client.get(Deployment, at), ({ status }) => status.availableReplicas === 1)
)
const slicesOf = Effect.flatMap(Client, (client) =>
  client.list(EndpointSlice, { namespace: at.namespace, labelSelector: `kubernetes.io/service-name=${at.name}` })
)
const isServed = Effect.map(slicesOf, (slices) =>
  slices.some(({ endpoints }) => endpoints.some(({ conditions }) => conditions?.ready === true))
)

/** Everything from the moment when a Deployment is posted until its Pod is behind its Service. */
const walk = Effect.gen(function* () {
  const { spans, tracer } = recorder()
  const isOver = (name: string) => spans.some((span) => span.name === name && span.status._tag === "Ended")
  yield* Effect.gen(function* () {
    const client = yield* Client
    yield* client.create(Service, { metadata: at, spec: { selector: labels, ports: [{ port: 80 }] } })
    yield* eventually(Effect.map(slicesOf, (slices) => slices.length === 1))
    spans.length = 0
    yield* client.create(Deployment, deployment)
    yield* eventually(isAvailable)
    yield* eventually(isServed)
    yield* eventually(Effect.sync(() => walked.every(isOver)))
  }).pipe(Effect.provide(cluster), Effect.withTracer(tracer))
  return spans
})

const ancestors = ({ parent }: Tracer.Span): ReadonlyArray<Tracer.Span> =>
  Option.isSome(parent) && parent.value._tag === "Span" ? [parent.value, ...ancestors(parent.value)] : []
/** Of anything else, such as events and the node's own status, the way does not tell. */
const ofTheWay = new Set(["deployments", "replicasets", "pods", "endpointslices"])
const isAside = ({ attributes, name }: Tracer.Span) => {
  const resource = String(attributes.get("resource") ?? "pods")
  // An address may come unready first and be updated, or ready at once: that is a matter of moments.
  if (name === "Pipeline.update" && resource === "endpointslices") return true
  return !ofTheWay.has(resource.split("/")[0] ?? "") || (name.startsWith("Pipeline.") && !shown.has(name))
}
/** What is in the table; steps that all have in common only below a stop that leads to them. */
const isTold = (span: Tracer.Span) => {
  const above = ancestors(span)
  if (!shown.has(span.name) || [span, ...above].some(isAside)) return false
  return !common.has(span.name) || above.some(({ name }) => shown.has(name) && !common.has(name))
}

/** How a source names a span: as it is, or with the kind filled in. */
const named = (span: string) => new RegExp(`"${span}"|\\}\\.${span.split(".").at(-1)}\``)

describe("follow one Pod", () => {
  it("every stop of the README's table is where it says", () => {
    assert.isAbove(stops.length, 8)
    for (const { file, span } of stops) {
      assert.isTrue(existsSync(join(root, file)), `there is no ${file}`)
      if (span !== undefined) assert.match(readFileSync(join(root, file), "utf8"), named(span), file)
    }
  })

  it.live("the Pod comes by every stop, in the order of the table", () =>
    Effect.gen(function* () {
      const spans = yield* walk
      const rank = (label: string) => walked.indexOf(label.split(" ")[0] ?? "")
      const lines = print(tree(spans, isTold), rank)
      for (const span of walked)
        assert.isTrue(
          lines.some((line) => line.trim().split(" ")[0] === span),
          `${span} was not met`
        )
      yield* Effect.promise(() => expect(`${lines.join("\n")}\n`).toMatchFileSnapshot("golden.txt"))
    })
  )
})
