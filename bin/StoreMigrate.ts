/**
 * `keelson store migrate --to …`: asks the server that runs to move its store, or moves it itself when none runs. Which store it is from
 * then on is remembered in the data directory.
 */
import { Clock, Console, DateTime, Effect, Layer, Option, Schema, Stream } from "effect"
import { existsSync } from "node:fs"
import * as Switch from "../kernel/store/Switch.ts"
import * as Administer from "./Administer.ts"
import * as Paths from "./Paths.ts"
import type { Settings } from "./Settings.ts"
import { isServed } from "./Snapshot.ts"
import * as Store from "./Store.ts"
import * as StoreRecord from "./StoreRecord.ts"
import { path, Progress } from "./StoreMoveRoute.ts"

export class MigrationFailed extends Schema.TaggedError<MigrationFailed>()("MigrationFailed", { message: Schema.String }) {}
const failed = (message: string) => new MigrationFailed({ message })
const told = (cause: unknown) => failed(cause instanceof Error ? cause.message : String(cause))

export interface Options {
  readonly settings: Settings
  readonly kubeconfig: Option.Option<string>
  readonly to: string
  /** How many servers of this machine shall have a replica of it. */
  readonly controlPlanes: 1 | 3
  readonly force: boolean
}

const decode = Schema.decodeUnknownEffect(Schema.fromJsonString(Progress))

/** Processes that share a port: any of them may take a connection, and one of them has the store. */
const attempts = 100

const served = Effect.fnUntraced(function* (kubeconfig: string, { controlPlanes, force, to }: Options) {
  const query = `to=${encodeURIComponent(to)}&controlPlanes=${controlPlanes}${force ? "&force=true" : ""}`
  const last = { step: "", detail: "" }
  const ask = Stream.runForEach(Administer.lines(kubeconfig, { method: "POST", path: `${path}?${query}` }), (line) =>
    Effect.gen(function* () {
      if (line === "") return
      Object.assign(last, yield* decode(line))
      if (last.step === "failed") return yield* failed(last.detail)
      yield* Console.log(last.detail === "" ? last.step : `${last.step}: ${last.detail}`)
    })
  )
  const isOther = (error: { readonly _tag: string }) => error instanceof Administer.Refused && error.code === 404
  yield* Effect.retry(ask, { times: attempts, while: isOther })
  if (last.step !== "done") return yield* failed("the server did not say that it was done: look at its log, and ask again")
})

/** Nobody writes: the same way, without anybody who waits. */
const alone = Effect.fnUntraced(function* ({ controlPlanes, force, settings, to }: Options) {
  const paths = Paths.make(settings.dataDir, settings.nodeName)
  const place = Store.placeOf(settings, paths)
  if (settings.store === to && settings.controlPlanes === controlPlanes) return yield* failed(`the store is ${to} already`)
  if (place !== undefined && !existsSync(place)) return yield* failed(`no server answers, and there is no store in ${place}`)
  if (controlPlanes === 3 && to !== "jetstream")
    return yield* failed("three servers of one machine keep it in replicas: --to jetstream")
  yield* Console.log(`no server answers: moving the store in ${place ?? settings.store}`)
  const { move } = yield* Effect.flatMap(Layer.build(Switch.layer(Store.stopped(settings, paths))), (built) =>
    Effect.provide(Switch.Switch, built)
  )
  const began = yield* Clock.currentTimeMillis
  const time = DateTime.formatIso(yield* DateTime.now)
  const file = StoreRecord.fileOf(paths)
  const { entries } = yield* move({
    layer: Store.other(settings, paths, { store: to, controlPlanes }),
    force,
    record: (id) => StoreRecord.write(file, { store: to, controlPlanes, from: settings.store, id, time })
  })
  yield* Console.log(`done: ${entries} entries in ${(yield* Clock.currentTimeMillis) - began} ms`)
}, Effect.scoped)

export const run = Effect.fn("StoreMigrate.run")(function* (options: Options) {
  const { nodeName, dataDir } = options.settings
  const kubeconfig = Option.getOrElse(options.kubeconfig, () => Paths.make(dataDir, nodeName).kubeconfig)
  yield* (yield* isServed(kubeconfig)) ? served(kubeconfig, options) : alone(options)
}, Effect.mapError(told))
