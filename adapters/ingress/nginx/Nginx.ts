/**
 * The real nginx as what lets HTTP into a cluster at a node. It runs while there is something to serve. New routes are a new
 * configuration, which it takes while it serves; certificates are files that it reads at each handshake, so that a new one is shown
 * without anything else happening.
 */
import { Effect, Exit, Layer, Schema, Scope, Semaphore } from "effect"
import { chmodSync, chownSync, mkdirSync, renameSync, rmSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import * as Plugin from "../../../kernel/plugin/Plugin.ts"
import { type Configuration, IngressProxy, NotConfigured } from "../../../plugins/ingress/contracts/IngressProxy.ts"
import * as Program from "../../Program.ts"
import * as Certificates from "./Certificates.ts"
import * as Config from "./Config.ts"
import * as Process from "./Process.ts"
import * as Users from "./Users.ts"

export interface Options {
  /** Where it listens. */
  readonly addresses: ReadonlyArray<string>
  /** Where its files lie: not below what only root may enter, because its workers are not root. */
  readonly directory: string
  /** Absent: `nginx` on the PATH, or where Debian puts it. */
  readonly program?: string
}

export class NginxMissing extends Schema.TaggedError<NginxMissing>()("NginxMissing", {}) {
  override get message() {
    return "there is no nginx on this machine: install it (Debian: nginx-light)"
  }
}

/** Not on everybody's PATH. */
export const find = () => Program.find("nginx", ["/usr/sbin", "/usr/local/sbin"])

/** Whole or not at all: it may be read at any time. */
const write = (path: string, text: string) => {
  writeFileSync(`${path}.new`, text, { mode: 0o600 })
  renameSync(`${path}.new`, path)
}

interface Running {
  readonly process: Process.Supervised
  readonly scope: Scope.Closeable
}

const make = Effect.fnUntraced(function* ({ addresses, directory, program = find() }: Options) {
  if (program === undefined) return yield* new NginxMissing()
  const worker = yield* Users.worker
  const options = { addresses, directory, user: worker?.name }
  const about = { program, directory, ready: join(directory, "ready.sock") }
  const version = yield* Users.versionOf(program)
  let running: Running | undefined
  let text: string | undefined
  const certificates = Certificates.make(join(directory, "certificates"), worker)
  let amiss = ""

  const folders = Effect.sync(() => {
    for (const path of [directory, join(directory, "temp")]) {
      mkdirSync(path, { recursive: true })
      chmodSync(path, worker === undefined ? 0o700 : 0o750)
      if (worker !== undefined) chownSync(path, 0, worker.group)
    }
  })
  const end = Effect.suspend(() => {
    if (running === undefined) return Effect.void
    const { scope } = running
    running = undefined
    text = undefined
    return Scope.close(scope, Exit.void)
  })
  const begin = Effect.gen(function* () {
    const scope = yield* Scope.make()
    const process = yield* Effect.onError(Scope.provide(Process.supervise(about), scope), (cause) =>
      Scope.close(scope, Exit.failCause(cause))
    )
    running = { process, scope }
  })
  /** What was good stays beside what is tried, and comes back if that is no good. */
  const configure = Effect.fnUntraced(function* (configuration: Configuration) {
    const wanted = Config.text(options, configuration)
    if (running !== undefined && wanted === text) return
    const [path, before] = [Process.configOf(directory), text]
    write(`${path}.next`, Config.text({ ...options, isTried: true }, configuration))
    yield* Process.test(about, `${path}.next`)
    write(path, wanted)
    text = undefined
    yield* Effect.onError(running === undefined ? begin : running.process.reload, () =>
      Effect.sync(() => before !== undefined && write(path, before))
    )
    text = wanted
  })
  const sync = Effect.fnUntraced(
    function* (configuration: Configuration) {
      const flaw = Config.flaw(configuration)
      if (flaw !== undefined) return yield* new Process.NginxFailed({ detail: flaw })
      if (configuration.listeners.length === 0) return yield* end
      yield* folders
      yield* certificates.show(configuration.certificates)
      yield* configure(configuration)
      certificates.forget(configuration.certificates)
    },
    Effect.tapError(({ detail }) => Effect.sync(() => void (amiss = detail))),
    Effect.tap(() => Effect.sync(() => void (amiss = ""))),
    Effect.mapError(({ detail }) => new NotConfigured({ reason: detail })),
    Effect.uninterruptible
  )
  const remove = Effect.andThen(
    end,
    Effect.sync(() => {
      certificates.clear()
      rmSync(directory, { recursive: true, force: true })
    })
  )
  const alone = (yield* Semaphore.make(1)).withPermits(1)
  yield* Effect.addFinalizer(() => alone(remove))
  return IngressProxy.of({
    describe: () => Effect.succeed({ name: "nginx", version }),
    sync: (configuration) => alone(sync(configuration)),
    remove: () => alone(remove),
    health: () =>
      Effect.gen(function* () {
        const state = running === undefined ? undefined : yield* running.process.state
        const detail = amiss || (state === undefined || state.isServing ? "" : `it does not serve: ${state.reason}`)
        return { ready: detail === "", detail, restarts: state?.restarts ?? 0 }
      })
  })
})

export const layer = (options: Options) => Layer.effect(IngressProxy, make(options))

export const plugin = (options: Options) =>
  Plugin.make({ name: "ingress-proxy", offers: [IngressProxy], layer: layer(options) })
