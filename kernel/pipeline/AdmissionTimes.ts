/** How long admission takes, all of it and each plugin, under upstream's names, so that its dashboards and alerts work here. */
import { type Context, Effect, Exit, Metric } from "effect"
import type { Operation } from "./Policy.ts"

const boundaries = [0.005, 0.025, 0.1, 0.5, 1, 2.5]
/** Made with their labels: those that are added to a metric are made into its key anew whenever it is updated. */
const plugins = (attributes: { readonly [label: string]: string }) =>
  Metric.histogram("apiserver_admission_controller_admission_duration_seconds", {
    description:
      "How long admission plugins that had something to do took, by name, type, operation, and whether they refused.",
    boundaries,
    attributes
  })
const steps = (attributes: { readonly [label: string]: string }) =>
  Metric.histogram("apiserver_admission_step_admission_duration_seconds", {
    description: "How long admission took, by type, operation, and whether it refused.",
    boundaries,
    attributes
  })

/** Upstream calls what changes objects "admit". */
export type Type = "admit" | "validate"

/** Each with its labels is made once; names of plugins are few. */
const known = new Map<string, ReturnType<typeof plugins>>()
const of = (name: string | undefined, type: Type, operation: Operation, isRefused: boolean) => {
  const key = `${name ?? ""} ${type} ${operation} ${isRefused}`
  const found = known.get(key)
  if (found !== undefined) return found
  const labels = { type, operation, rejected: `${isRefused}` }
  const made = name === undefined ? steps(labels) : plugins({ name, ...labels })
  known.set(key, made)
  return made
}

const timed = <A, E>(answer: Effect.Effect<A, E>, name: string | undefined, type: Type, operation: Operation) =>
  Effect.contextWith((context: Context.Context<never>) => {
    const began = performance.now()
    return Effect.onExit(answer, (exit) => {
      of(name, type, operation, Exit.isFailure(exit)).updateUnsafe((performance.now() - began) / 1000, context)
      return Effect.void
    })
  })

/** One plugin's answer. A plugin that said at once that it has nothing to say was not concerned: most are not, by most writes. */
export const plugin = <A, E>(name: string, type: Type, operation: Operation, answer: Effect.Effect<A, E>) =>
  Exit.isExit(answer) && Exit.isSuccess(answer) && answer.value === undefined ? answer : timed(answer, name, type, operation)

export const step = <A, E>(type: Type, operation: Operation, answer: Effect.Effect<A, E>) =>
  timed(answer, undefined, type, operation)
