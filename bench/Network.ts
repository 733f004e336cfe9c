/**
 * `npm run bench`, the way from Pod to Pod over two nodes: how much goes through one connection, and how long a byte takes there and
 * back, by plain routes and through our tunnel; beside it two network namespaces with nothing but a cable between them.
 */
import * as NodeRuntime from "@effect/platform-node/NodeRuntime"
import { Effect, Exit, Layer, Schema, Scope } from "effect"
import { spawn } from "node:child_process"
import { fileURLToPath } from "node:url"
import * as Program from "../adapters/Program.ts"
import * as Routes from "../adapters/cni/flannel/Routes.ts"
import { cluster } from "../test/controllers/Cluster.ts"
import * as Machine from "../test/e2e/Machine.ts"
import * as Fabric from "../test/flannel/Fabric.ts"

const peer = fileURLToPath(new URL("NetworkPeer.mjs", import.meta.url))
const port = 7777
const seconds = 3
const rounds = 3

const within = (fabric: Fabric.Fabric, part: string, ...args: ReadonlyArray<string>) => [
  ...[...fabric.launcher(part), process.execPath, peer, ...args]
]

/** Listens until the scope closes. */
const serve = (fabric: Fabric.Fabric, part: string) =>
  Effect.acquireRelease(
    Effect.callback<() => void>((resume) => {
      const [program = "", ...args] = within(fabric, part, "serve", `${port}`)
      const child = spawn(program, args)
      child.stdout.once("data", () => resume(Effect.succeed(() => child.kill("SIGKILL"))))
    }),
    (end) => Effect.sync(end)
  )

const Stream = Schema.fromJsonString(Schema.Struct({ gigabits: Schema.Number }))
const Turns = Schema.fromJsonString(Schema.Struct({ p50: Schema.Number, p99: Schema.Number }))

const ask = Effect.fnUntraced(function* (fabric: Fabric.Fabric, mode: "stream" | "turns", host: string) {
  const [program = "", ...args] = within(fabric, "pod1", mode, host, `${port}`, `${seconds}`)
  return yield* Program.run(program, args)
})

const measure = Effect.fnUntraced(function* (fabric: Fabric.Fabric, host: string) {
  const { gigabits } = yield* Effect.flatMap(ask(fabric, "stream", host), Schema.decodeEffect(Stream))
  const turns = yield* Effect.flatMap(ask(fabric, "turns", host), Schema.decodeEffect(Turns))
  return { gigabits, ...turns }
})
type Figures = Effect.Success<ReturnType<typeof measure>>

const overNodes = (fabric: Fabric.Fabric, backend: Routes.Options["backend"]) =>
  Effect.gen(function* () {
    const scope = yield* Effect.acquireRelease(Scope.make(), (scope) => Scope.close(scope, Exit.void))
    for (const index of fabric.indexes) {
      const own = { nodeName: `n${index}`, addresses: Fabric.addressesOf(index), launcher: fabric.launcher(`n${index}`) }
      yield* Layer.buildWithScope(Routes.layer({ backend, podCidrs: Fabric.podCidrs, ...own }), scope)
    }
    const [host = ""] = Fabric.podsOf(2)
    yield* fabric.reaches(1, host)
    return yield* measure(fabric, host)
  }).pipe(Effect.scoped)

const cableTo = "192.0.2.2"
const cable = Effect.fnUntraced(function* (fabric: Fabric.Fabric) {
  const pod2 = fabric.launcher("pod2")[1]?.replace("--net=", "") ?? ""
  yield* fabric.run(
    "pod1",
    `ip link add raw0 type veth peer name raw0 netns ${pod2}; ip addr add 192.0.2.1/24 dev raw0; ip link set raw0 up`
  )
  yield* fabric.run("pod2", `ip addr add ${cableTo}/24 dev raw0; ip link set raw0 up`)
})

/** Of the rounds, the one in the middle. */
const median = (values: ReadonlyArray<number>) => values.toSorted((one, other) => one - other)[values.length >> 1] ?? 0
const medians = (all: ReadonlyArray<Figures>): Figures => ({
  gigabits: median(all.map(({ gigabits }) => gigabits)),
  p50: median(all.map(({ p50 }) => p50)),
  p99: median(all.map(({ p99 }) => p99))
})

const print = (name: string, { gigabits, p50, p99 }: Figures, raw: Figures) => {
  const ratio = (value: number) => `(${value.toFixed(2)} of a cable's)`
  console.log(
    `${name.padEnd(24)}${gigabits.toFixed(1).padStart(5)} Gbit/s ${ratio(gigabits / raw.gigabits)}   ` +
      `there and back p50 ${p50.toFixed(0).padStart(4)} µs ${ratio(p50 / raw.p50)}, p99 ${p99.toFixed(0).padStart(4)} µs`
  )
}

const program = Effect.gen(function* () {
  const fabric = yield* Fabric.make(2)
  yield* fabric.register
  yield* serve(fabric, "pod2")
  yield* cable(fabric)
  const rows = [
    { name: "two ends of a cable", measured: measure(fabric, cableTo), figures: [] as Figures[] },
    { name: "plain routes (host-gw)", measured: overNodes(fabric, "host-gw"), figures: [] as Figures[] },
    { name: "our tunnel (vxlan)", measured: overNodes(fabric, "vxlan"), figures: [] as Figures[] }
  ]
  for (let round = 1; round <= rounds; round++) {
    for (const { figures, measured } of rows) figures.push(yield* measured)
  }
  const all = rows.map(({ figures, name }) => ({ name, figures: medians(figures) }))
  for (const { figures, name } of all) print(name, figures, all[0]?.figures ?? figures)
}).pipe(Effect.provide(cluster()), Effect.scoped)

const lacks = Machine.missing.filter((one) => ["root", "ip", "nft", "nsenter", "busybox"].includes(one))
if (lacks.length > 0) console.log(`left out: this machine lacks ${lacks.join(", ")}`)
else NodeRuntime.runMain(program)
