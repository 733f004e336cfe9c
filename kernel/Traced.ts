/**
 * Spans of what happens many times a second: they are made where somebody has brought a tracer, and cost nothing where nobody has.
 * For all else there is `Effect.fn`.
 */
import { Context, Effect, type Fiber, Tracer } from "effect"

type Attributes = { readonly [name: string]: unknown }

const isTraced = ({ context }: Fiber.Fiber<unknown, unknown>) => Context.getOrUndefined(context, Tracer.Tracer) !== undefined

/** `run` under a span of this name; `about` says what it is about. */
export const traced =
  <Args extends ReadonlyArray<unknown>, A, E, R>(
    name: string,
    run: (...args: Args) => Effect.Effect<A, E, R>,
    about?: (args: NoInfer<Args>) => Attributes
  ) =>
  (...args: Args): Effect.Effect<A, E, Exclude<R, Tracer.ParentSpan>> =>
    Effect.withFiber((fiber) =>
      isTraced(fiber)
        ? Effect.withSpan(run(...args), name, about === undefined ? {} : { attributes: about(args) })
        : // Without a span nobody asks for the one above: the type says so of the other branch only, hence the cast.
          (run(...args) as Effect.Effect<A, E, Exclude<R, Tracer.ParentSpan>>)
    )
