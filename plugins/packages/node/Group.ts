/** Contracts that are taken together: a runtime is six of them, a network two. */
import { Context, Effect, Exit, Scope } from "effect"
import type * as Contract from "../../../kernel/plugin/Contract.ts"
import { type About, Attachments } from "../contracts/Attachments.ts"

/** `attach` is called when a package's handles are all there; they stay when the package is restarted or replaced. */
export const add = Effect.fnUntraced(function* <Offers>(
  contracts: ReadonlyArray<Contract.Contract<Offers, unknown>>,
  attach: (services: Context.Context<Offers>, about: About) => Effect.Effect<void, unknown, Scope.Scope>
) {
  const attachments = yield* Attachments
  const keys = contracts.map(({ key }) => key)
  const had = new Map<string, Map<string, unknown>>()
  const one = (key: string, handle: unknown, about: About) =>
    Effect.suspend(() => {
      const handles = had.get(about.name) ?? new Map<string, unknown>()
      had.set(about.name, handles.set(key, handle))
      if (handles.size < keys.length) return Effect.void
      had.delete(about.name)
      return attach(Context.makeUnsafe<Offers>(handles), about)
    })
  for (const contract of contracts) {
    const { key } = contract
    const together = keys.filter((other) => other !== key)
    yield* attachments.add({ contract, together, attach: (handle, about) => one(key, handle, about) })
  }
})

/** While one version follows another both are attached, on the same handles: it is taken in once, until the last has gone. */
export const once = Effect.fnUntraced(function* <Offers>(
  contracts: ReadonlyArray<Contract.Contract<Offers, unknown>>,
  open: (services: Context.Context<Offers>, about: About) => Effect.Effect<void, unknown, Scope.Scope>
) {
  const scope = yield* Effect.scope
  const taken = new Map<string, { readonly scope: Scope.Closeable; versions: number }>()
  const drop = (name: string) =>
    Effect.suspend(() => {
      const found = taken.get(name)
      if (found === undefined || --found.versions > 0) return Effect.void
      taken.delete(name)
      return Scope.close(found.scope, Exit.void)
    })
  yield* add<Offers>(contracts, (given, about) =>
    Effect.gen(function* () {
      const { name } = about
      const found = taken.get(name)
      if (found === undefined) {
        const own = yield* Scope.fork(scope)
        yield* Effect.onError(Scope.provide(open(given, about), own), (cause) => Scope.close(own, Exit.failCause(cause)))
        taken.set(name, { scope: own, versions: 1 })
      } else found.versions++
      yield* Effect.addFinalizer(() => drop(name))
    })
  )
})
