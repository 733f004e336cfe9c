/**
 * An API of which there are several servers: requests go to one of them as long as it answers, and to the next when it does not. What a server
 * may have done is not asked of another one, unless it only reads.
 */
import { Effect, Scope } from "effect"
import * as Transport from "./Transport.ts"

export interface Target extends Transport.Target {
  /** Where else the same API is served, as far as that is known by now. */
  readonly others?: () => ReadonlyArray<string>
}

const addressesOf = ({ others, server }: Target) => [...new Set([server, ...(others?.() ?? [])])]

/** In the order in which they are tried. */
const from = (all: ReadonlyArray<string>, current: string) => {
  const at = Math.max(0, all.indexOf(current))
  return [...all.slice(at), ...all.slice(0, at)]
}

export const make = Effect.fnUntraced(function* (target: Target): Effect.fn.Return<Transport.Send, never, Scope.Scope> {
  const scope = yield* Scope.Scope
  const open = new Map<string, Transport.Send>()
  const hasOthers = target.others !== undefined
  let current = target.server

  const to = Effect.fnUntraced(function* (server: string) {
    const found = open.get(server)
    if (found !== undefined) return found
    const made = yield* Effect.provideService(Transport.make({ ...target, server, hasOthers }), Scope.Scope, scope)
    open.set(server, made)
    return made
  })

  /** Whoever fails at the server that was in use moves all to the next one; who comes late finds that done. */
  const leave = (server: string, all: ReadonlyArray<string>) => {
    if (current === server) current = from(all, server)[1] ?? server
  }

  return Effect.fnUntraced(function* (request) {
    const all = addressesOf(target)
    const [first = target.server, ...rest] = from(all, current)
    const ask = (server: string) =>
      Effect.flatMap(to(server), (send) => send(request)).pipe(Effect.tapError(() => Effect.sync(() => leave(server, all))))
    const mayRepeat = ({ applied }: Transport.Lost) => applied === "no" || request.method === "GET"
    return yield* rest.reduce(
      (before, server) => Effect.catch(before, (lost) => (mayRepeat(lost) ? ask(server) : Effect.fail(lost))),
      ask(first)
    )
  })
})
