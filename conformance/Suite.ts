/** How the laws of a contract are checked, whoever implements it and whatever runs the checks. */
import { Cause, Context, type Duration, Effect, Exit, Layer } from "effect"
import type { Contract } from "../kernel/plugin/Contract.ts"

/** How long a check waits for what the implementation does by itself. It bounds a broken one, and measures nothing. */
export const Patience = Context.Reference<Duration.Input>("conformance/Patience", { defaultValue: () => "30 seconds" })

/** Fails if it takes longer than anything that works would. */
export const inTime = <A, E, R>(effect: Effect.Effect<A, E, R>) =>
  Effect.flatMap(Patience, (patience) => Effect.timeout(effect, patience))

/** `Needs` is the contract, and what a check takes besides: a container to run a command in. */
export interface Check<Needs, S> {
  readonly holds: Effect.Effect<void, unknown, Needs>
  /** Breaks the law in an honest implementation: the proof that `holds` would see it. */
  readonly saboteur: (honest: S) => Partial<S>
}

export interface Suite<Self, S, Law extends string, Needs = Self> {
  readonly contract: Contract<Self, S> & { readonly laws: { readonly [_ in Law]: string } }
  readonly checks: { readonly [_ in Law]: Check<Needs, S> }
}

/** A law without a check does not compile, nor does a check without a law. */
export const make = <Self, S, const Laws extends { readonly [law: string]: string }, Needs = Self>(
  contract: Contract<Self, S> & { readonly laws: Laws },
  checks: { readonly [_ in keyof Laws & string]: Check<Needs, S> }
): Suite<Self, S, keyof Laws & string, Needs> => ({ contract, checks })

/** The keys of `checks` are the laws and nothing else, hence the cast. */
export const laws = <Self, S, Law extends string, Needs>({ checks }: Suite<Self, S, Law, Needs>) =>
  Object.keys(checks) as Array<Law>

/** The implementation in the context with one law broken. */
export const sabotaged = <Self, S, Law extends string, Needs>({ checks, contract }: Suite<Self, S, Law, Needs>, law: Law) =>
  Layer.effect(contract)(Effect.map(contract, (honest) => ({ ...honest, ...checks[law].saboteur(honest) })))

export interface Options<Law extends string> {
  /** Laws this implementation is known to break, and why. Their checks must fail, so that a repair is noticed. */
  readonly deviations?: { readonly [_ in Law]?: string }
}

/** One line for each law: what a vendor sees who runs the suite against an endpoint. */
export const report = <Self, S, Law extends string, Needs>(
  suite: Suite<Self, S, Law, Needs>,
  { deviations = {} }: Options<Law> = {}
) =>
  Effect.forEach(laws(suite), (law) =>
    Effect.map(Effect.exit(suite.checks[law].holds), (exit) => {
      const text = `${law}: ${suite.contract.laws[law]}`
      const deviation = deviations[law]
      if (deviation !== undefined) return Exit.isSuccess(exit) ? `REPAIRED ${text}` : `deviates ${text} (${deviation})`
      return Exit.isSuccess(exit) ? `ok       ${text}` : `BROKEN   ${text}\n${Cause.pretty(exit.cause)}`
    })
  )
