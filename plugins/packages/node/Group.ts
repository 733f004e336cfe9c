/** Contracts that are taken together: a runtime is six of them, a network two. */
import { Context, Effect, type Scope } from "effect"
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
