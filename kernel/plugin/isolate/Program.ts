/**
 * A plugin that is a program of any language: it serves what it offers over the wire that `Description.ts` writes down, each contract
 * at a unix socket of its own in one folder, and finds there what it is given. It is dead when it ends.
 */
import { Deferred, Effect, Layer, Schedule } from "effect"
import { chmodSync, mkdirSync, mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { isAbsolute, join, resolve } from "node:path"
import * as Plugin from "../Plugin.ts"
import * as Socket from "../Socket.ts"
import type { AnyContract } from "./Guest.ts"
import * as Process from "./Process.ts"
import { IsolateFailed } from "./Protocol.ts"
import type { Settings } from "./Settings.ts"

export interface Options<Needs extends ReadonlyArray<AnyContract> = ReadonlyArray<AnyContract>>
  extends Pick<Settings<ReadonlyArray<AnyContract>, Needs>, "name" | "offers" | "needs" | "grants" | "budgets" | "life"> {
  /** The program and its arguments. `{sockets}`, `{state}` and `{package}` stand for folders. */
  readonly command: ReadonlyArray<string>
  /** Where it is started, and what its own path is relative to. */
  readonly package: string
  /** A folder that stays, whatever version of it runs. */
  readonly state: string
  /** Settings of its author's, in `KEELSON_OPTIONS` as JSON. */
  readonly options?: Settings["options"]
}

/** How long it may take until all that it offers is served, and until it has ended, when it was asked to. */
const patience = "60 seconds"
const farewell = "10 seconds"

/** Paths of sockets may have 108 bytes: they do not lie where the package does. */
const sockets = Effect.acquireRelease(
  Effect.sync(() => mkdtempSync(join(tmpdir(), "keelson-"))),
  (path) => Effect.sync(() => rmSync(path, { recursive: true, force: true }))
)

const commandOf = ({ command, grants, options, package: directory, state }: Options, folder: string): Process.Command => {
  const places: { readonly [name: string]: string } = { sockets: folder, state, package: directory }
  const filled = command.map((word) => word.replace(/\{(sockets|state|package)\}/g, (_, name: string) => places[name] ?? ""))
  const [file = "", ...args] = filled
  // A name without a slash is looked for where programs are.
  const isOwn = file.includes("/") && !isAbsolute(file)
  return {
    file: isOwn ? resolve(directory, file) : file,
    args,
    env: {
      ...Process.granted(grants),
      PATH: process.env["PATH"] ?? "",
      HOME: state,
      ...(options !== undefined && { KEELSON_OPTIONS: JSON.stringify(options) })
    }
  }
}

const make = Effect.fnUntraced(function* (given: Options) {
  const { budgets, name, needs, offers, state } = given
  const lifeline = yield* Plugin.Lifeline
  const run = Effect.runForkWith(yield* Effect.context())
  const gone = yield* Deferred.make<void>()
  const ended = yield* Deferred.make<never, IsolateFailed>()
  let [isWanted, isReady] = [true, false]
  const die = (reason: string) => {
    if (!isWanted) return
    isWanted = false
    const failed = new IsolateFailed({ plugin: name, reason })
    Deferred.doneUnsafe(ended, Effect.fail(failed))
    if (isReady) run(lifeline(failed))
  }
  yield* Effect.sync(() => {
    mkdirSync(state, { recursive: true, mode: 0o700 })
    chmodSync(state, 0o700)
  })
  const folder = yield* sockets
  const at = (contract: AnyContract) => join(folder, Socket.fileOf(contract))
  yield* Layer.build(Layer.mergeAll(Layer.empty, ...needs.map((contract) => Socket.serve(contract, at(contract)))))
  const command = Process.mortal(commandOf(given, folder))
  const { memoryBytes } = budgets ?? {}
  const child = yield* Process.running(name, command, die, {
    cwd: given.package,
    ...(memoryBytes !== undefined && { memoryBytes })
  })
  const close = (code: number | null, signal: string | null) => {
    Deferred.doneUnsafe(gone, Effect.void)
    die(Process.ended(code, signal))
  }
  child.once("exit", close)
  if (child.exitCode !== null || child.signalCode !== null) close(child.exitCode, child.signalCode)
  /** Who still runs may put its affairs in order. */
  yield* Effect.addFinalizer(() =>
    Effect.suspend(() => {
      isWanted = false
      child.kill("SIGTERM")
      return Effect.timeoutOption(Deferred.await(gone), farewell)
    })
  )
  const clients = offers.map((contract) => Socket.connect(contract, at(contract), patience))
  // It may listen before it serves: who is turned away comes again.
  const connected = Layer.build(Layer.fresh(Layer.mergeAll(Layer.empty, ...clients))).pipe(
    Effect.retry({ while: ({ _tag }) => _tag === "Unavailable", schedule: Schedule.spaced("100 millis") }),
    Effect.timeout(patience)
  )
  const services = yield* Effect.raceFirst(connected, Deferred.await(ended))
  isReady = true
  return services
})

/** What it offers, by clients of it. */
export const run = <const Needs extends ReadonlyArray<AnyContract>>(
  options: Options<Needs>
): Plugin.Plugin<unknown, Plugin.Identifier<Needs[number]>> => ({
  name: options.name,
  offers: options.offers,
  needs: [],
  isolation: "process",
  ...(options.life !== undefined && { life: options.life }),
  // It serves what it needs from what is there; contracts in arrays do not say so.
  layer: Plugin.named(options.name, Layer.effectContext(make(options))) as Layer.Layer<
    unknown,
    Plugin.PluginFailed,
    Plugin.Identifier<Needs[number]>
  >
})
