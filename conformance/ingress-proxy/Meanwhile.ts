/** Requests while something else happens: none of them may fail. */
import { Effect, Fiber, Latch, Ref } from "effect"
import assert from "node:assert/strict"
import { type Asked, ask } from "./Ask.ts"

/** Asks again and again, four at a time, and says how often. */
export const meanwhile = <E, R>(
  port: number,
  { host = "x.example", ...asked }: Asked & { readonly host?: string },
  during: Effect.Effect<void, E, R>
) =>
  Effect.gen(function* () {
    const [failed, count, stop] = [yield* Ref.make<ReadonlyArray<string>>([]), yield* Ref.make(0), Latch.makeUnsafe()]
    const note = (text: string) => Ref.update(failed, (all) => [...all, text])
    const one = ask(port, host, asked).pipe(
      Effect.flatMap(({ body, status }) => (status === 200 ? Effect.void : note(`${status} ${body}`))),
      Effect.catch(({ detail }) => note(detail)),
      Effect.andThen(Ref.update(count, (before) => before + 1))
    )
    const asking = Effect.repeat(one, { until: () => stop.isOpen() })
    const all = yield* Effect.forkChild(Effect.all([asking, asking, asking, asking], { concurrency: "unbounded" }))
    yield* during
    stop.openUnsafe()
    yield* Fiber.join(all)
    assert.deepEqual(yield* Ref.get(failed), [])
    const asks = yield* Ref.get(count)
    assert.ok(asks > 8, "nobody asked meanwhile")
    return asks
  })
