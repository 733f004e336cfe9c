/**
 * A process of `bench/Store.ts`: `fill` writes objects and their history into a store; `load` opens one and measures how long it takes
 * until every object is known, in a process that has done nothing before.
 */
import { Context, Effect, Layer, Schema } from "effect"
import * as Tables from "../../kernel/table/Tables.ts"
import * as EtcdApi from "./EtcdApi.ts"
import * as Stores from "./Stores.ts"
import { payload, type Write } from "./Writes.ts"

const Work = Schema.fromJsonString(
  Schema.Struct({ address: Stores.Address, objects: Schema.Int, revisions: Schema.Int, fill: Schema.Boolean })
)
type Work = typeof Work.Type

const nameOf = (index: number) => `pods/bench/object-${index}`
const inFlight = 512

/** All objects once, and then round and round until there are so many revisions. */
const fill = Effect.fnUntraced(function* (write: Write, { objects, revisions }: Work) {
  const last = new Int32Array(objects)
  const writer = Effect.fnUntraced(function* (first: number) {
    for (let turn = first; turn < revisions; turn += inFlight) {
      const index = turn % objects
      last[index] = yield* write(nameOf(index), payload(turn), last[index] ?? 0, `${turn}`)
    }
  })
  yield* Effect.forEach(Array(inFlight).keys(), writer, { concurrency: "unbounded", discard: true })
})

/** Our store, opened; and then what an API server of ours does when it starts. */
const ours = (address: Exclude<Stores.Address, { readonly etcd: string }>) =>
  Effect.map(Layer.build(Stores.layerOf(address)), (log) =>
    Effect.map(Layer.build(Layer.provide(Tables.layer, Layer.succeedContext(log))), (tables) => {
      const { of } = Context.get(tables, Tables.Tables)
      return of({ log: "objects", storage: "pods" }).size
    })
  )

/** What a kube-apiserver asks of its etcd when it starts; it would decode each object besides. */
const theirs = (endpoint: string) =>
  Effect.map(EtcdApi.make(endpoint), ({ list }) => {
    const found = new Map<string, EtcdApi.KeyValue>()
    return Effect.map(
      list("/registry/", (one) => found.set(one.key, one)),
      () => found.size
    )
  })

const load = Effect.fnUntraced(function* ({ address }: Work) {
  const began = performance.now()
  const all = "etcd" in address ? yield* theirs(address.etcd) : yield* ours(address)
  const [opened, cpu] = [performance.now(), process.cpuUsage()]
  const objects = yield* all
  const { system, user } = process.cpuUsage(cpu)
  return { objects, open: opened - began, load: performance.now() - opened, cpu: (system + user) / 1000 }
})

const program = Effect.gen(function* () {
  const work = yield* Schema.decodeEffect(Work)(process.argv[2] ?? "")
  if (work.fill) yield* fill(yield* Stores.open(work.address), work)
  process.send?.(work.fill ? {} : yield* load(work))
})

Effect.runPromise(Effect.scoped(program)).then(
  () => process.exit(0),
  (cause) => {
    console.error(cause)
    process.exit(1)
  }
)
