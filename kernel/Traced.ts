/**
 * Spans of what happens many times a second: they are made where somebody has brought a tracer, and cost nothing where nobody has.
 * For all else there is `Effect.fn`.
 */
import { Context, Effect, type Fiber, Tracer } from "effect"

type Attributes = { readonly [name: string]: unknown }

const isTraced = ({ context }: Fiber.Fiber<unknown, unknown>) => Context.getOrUndefined(context, Tracer.Tracer) !== undefined

/** `effect` under a span of this name. */
export const spanned = <A, E, R>(
  name: string,
  effect: Effect.Effect<A, E, R>,
  about?: () => Attributes
): Effect.Effect<A, E, Exclude<R, Tracer.ParentSpan>> =>
  Effect.withFiber((fiber) =>
    isTraced(fiber)
      ? Effect.withSpan(effect, name, about === undefined ? {} : { attributes: about() })
      : // Without a span nobody asks for the one above: the type says so of the other branch only, hence the cast.
        (effect as Effect.Effect<A, E, Exclude<R, Tracer.ParentSpan>>)
  )

/** `run` under a span of this name; `about` says what it is about. */
export const traced =
  <Args extends ReadonlyArray<unknown>, A, E, R>(
    name: string,
    run: (...args: Args) => Effect.Effect<A, E, R>,
    about?: (args: NoInfer<Args>) => Attributes
  ) =>
  (...args: Args): Effect.Effect<A, E, Exclude<R, Tracer.ParentSpan>> =>
    spanned(name, run(...args), about === undefined ? undefined : () => about(args))
