/** What is known of things whose status does not change as long as their state does not. */
import { Effect } from "effect"

/** Answers by id, good as long as the state is the one they were given in. */
export const remembering = <A, E>(ask: (id: string) => Effect.Effect<A, E>) => {
  const known = new Map<string, { readonly state: string; readonly answer: A }>()
  const of = Effect.fnUntraced(function* (id: string, state: string) {
    const before = known.get(id)
    if (before?.state === state) return before.answer
    const answer = yield* ask(id)
    known.set(id, { state, answer })
    return answer
  })
  return { of, known }
}
