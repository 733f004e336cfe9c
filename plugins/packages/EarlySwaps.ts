/** Swaps of packages that are there before any object: over what a setting names goes what the object of its name says. */
import { Effect, type FileSystem, type Path } from "effect"
import * as KernelPlugin from "../../kernel/plugin/Plugin.ts"
import { Log } from "../../kernel/store/Log.ts"
import * as Agreement from "./Agreement.ts"
import type { Plugin } from "./contracts/v1alpha1.ts"
import * as Early from "./Early.ts"
import * as Package from "./Package.ts"
import * as Remembered from "./Remembered.ts"
import type { Running } from "./Running.ts"

const invalid = (message: string) => new Package.PackageInvalid({ message })

type Start<E, R> = (
  name: string,
  ready: Early.Standing["first"],
  wish: string,
  windowSeconds: number
) => Effect.Effect<KernelPlugin.Plugin<unknown, never>, E, R>

/** `directory`: where the copies of packages are kept that run. */
export const make = Effect.fnUntraced(function* <E, R>(
  directory: string,
  running: Omit<Running, "start">,
  start: Start<E, R>
) {
  const host = yield* KernelPlugin.Host
  const scope = yield* Effect.scope
  const services = yield* Effect.context<FileSystem.FileSystem | Path.Path>()
  const known = () => Early.of(host)

  const adopt = Effect.suspend(() =>
    Effect.forEach(
      known(),
      ([name, one]) => {
        if (running.get(name) !== undefined) return Effect.void
        return Effect.map(running.adopt(name, one.first), (returns) => void (one.returns = returns))
      },
      { discard: true }
    )
  )

  const refusal = ({ metadata: { name }, spec }: Plugin, { contract }: Early.Standing) => {
    if (spec.suspend === true) return `${name} cannot be suspended: what is stored needs it`
    if (spec.remote !== undefined) return `${name} is named by a setting of this server, and runs on its machine`
    return contract === Log.key
      ? `${name} is the store, which is not swapped while it serves: start the server with --store plugin://${spec.source?.path ?? ""}, or move to another one with keelson store migrate`
      : undefined
  }

  /** It is what the next start begins with when its trial is over. */
  const remembered = (name: string, named: string, { digest, source }: Package.Kept, seconds: number) =>
    Effect.gen(function* () {
      yield* Effect.sleep(`${seconds} seconds`)
      if (running.get(name)?.ready.kept.digest === digest)
        yield* Remembered.write(directory, name, { named, path: source, digest })
    }).pipe(
      Effect.tapError((error) => Effect.logError(`the version of ${name} is not remembered`, error)),
      Effect.ignore,
      Effect.forkIn(scope)
    )

  /** Whether another version runs now. */
  const load = Effect.fnUntraced(function* (plugin: Plugin, one: Early.Standing, wish: string) {
    const { metadata, spec } = plugin
    const { name } = metadata
    const before = running.get(name)
    const isBack = running.rolledBack(name)?.wish === wish
    const back = isBack ? undefined : Agreement.returnTo(plugin, wish)
    if (isBack || before === undefined || (back === undefined && before.wish === wish)) return false
    const kept = yield* Package.keep(directory, name, back?.source ?? spec.source ?? { path: one.named })
    if (kept.digest === before.ready.kept.digest && running.rolledBack(name) === undefined) {
      running.wished(name, wish)
      return false
    }
    const why = refusal(plugin, one)
    if (why !== undefined) return yield* invalid(why)
    const ready = yield* one.prepare(kept, spec.rollbackErrorPercent / 100)
    const seconds = back === undefined ? spec.rollbackWindowSeconds : 0
    one.runs = yield* start(name, ready, wish, seconds)
    if (back !== undefined) yield* running.cameBack(name, { wish, reason: back.reason })
    yield* remembered(name, one.named, kept, seconds)
    return true
  }, Effect.provideContext(services))
  return { adopt, find: (name: string) => known().get(name), load }
})
export type EarlySwaps = Effect.Success<ReturnType<typeof make>>
