/** `/healthz`, `/livez` and `/readyz`: a set of named checks each, together or one by one. Source: "Kubernetes API health endpoints". */
import { Effect } from "effect"
import { type Answer, failure, text } from "./Answer.ts"
import type { Exchange } from "./Exchange.ts"
import { notFound } from "./Refused.ts"

export interface Check {
  readonly name: string
  /** Fails when it is not. Why stays in the log: these paths are open to everybody. */
  readonly healthy: Effect.Effect<void, unknown>
  /** Asked by `/livez` too: whoever fails it is to be restarted. */
  readonly live?: boolean
}

/** Longer is not healthy. */
const patience = "2 seconds"

const ping: Check = { name: "ping", healthy: Effect.void, live: true }

const passes = ({ healthy, name }: Check) =>
  healthy.pipe(
    Effect.timeout(patience),
    Effect.as(true),
    Effect.catchCause((cause) => Effect.as(Effect.logWarning(`the check ${name} failed`, cause), false))
  )

const roots = ["healthz", "livez", "readyz"] as const

export const serves = (path: string) => roots.some((root) => path === `/${root}` || path.startsWith(`/${root}/`))

const report = (root: string, results: ReadonlyArray<readonly [Check, boolean]>, isGood: boolean) => {
  const lines = results.map(([{ name }, passed]) => (passed ? `[+]${name} ok` : `[-]${name} failed: reason withheld`))
  return `${lines.join("\n")}\n${root} check ${isGood ? "passed" : "failed"}\n`
}

export const answer = Effect.fnUntraced(function* ({ path, query }: Exchange, checks: ReadonlyArray<Check>) {
  const [, root = "", ...rest] = path.split("/")
  const one = rest.join("/")
  const excluded = new Set(query.getAll("exclude"))
  const asked = [ping, ...checks]
    .filter(({ live }) => root !== "livez" || live === true)
    .filter(({ name }) => (one === "" ? !excluded.has(name) : name === one))
  if (asked.length === 0 && one !== "") return failure(notFound)
  const results = yield* Effect.forEach(asked, (check) => Effect.map(passes(check), (passed) => [check, passed] as const))
  const isGood = results.every(([, passed]) => passed)
  if (isGood && (one !== "" || !query.has("verbose"))) return text(200, "ok")
  return text(isGood ? 200 : 500, report(root, results, isGood))
}) satisfies (exchange: Exchange, checks: ReadonlyArray<Check>) => Effect.Effect<Answer>
