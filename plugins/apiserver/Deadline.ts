/**
 * How long a client wants to wait for its answer: `timeout` in the query, as Go writes durations, and at most a minute. What is not
 * over then is ended and answered with 504. Source: "--request-timeout" of kubectl; Go's time.ParseDuration.
 */
import { Effect, Result } from "effect"
import { BadRequest } from "../../kernel/client/Errors.ts"
import { type DoorError, Refused } from "./Refused.ts"

const longest = 60_000

const millis: { readonly [unit: string]: number } = {
  ns: 1e-6,
  us: 1e-3,
  µs: 1e-3,
  μs: 1e-3,
  ms: 1,
  s: 1000,
  m: 60_000,
  h: 3_600_000
}

/** In milliseconds; or what Go says that is wrong with it. */
export const parse = (text: string): Result.Result<number, string> => {
  const quoted = JSON.stringify(text)
  const wrong = (what: string) => Result.fail(`time: ${what} duration ${quoted}`)
  const [, sign, parts = ""] = /^([+-]?)(.*)$/s.exec(text) ?? []
  if (parts === "0") return Result.succeed(0)
  if (parts === "") return wrong("invalid")
  let sum = 0
  for (let rest = parts; rest !== ""; ) {
    const [all = "", number = "", unit = ""] = /^(\d*\.?\d*)([^\d.]*)/.exec(rest) ?? []
    if (!/\d/.test(number)) return wrong("invalid")
    if (unit === "") return wrong("missing unit in")
    const scale = millis[unit]
    if (scale === undefined) return wrong(`unknown unit ${JSON.stringify(unit)} in`)
    sum += Number(number) * scale
    rest = rest.slice(all.length)
  }
  return Result.succeed(sign === "-" ? -sum : sum)
}

const over = new Refused({
  code: 504,
  reason: "Timeout",
  detail: "Timeout: request did not complete within requested timeout - context deadline exceeded"
})

/** Who asks for no time, or for none at all, has that of everybody. */
export const within = <A, R>(
  query: URLSearchParams,
  answer: Effect.Effect<A, DoorError, R>
): Effect.Effect<A, DoorError, R> => {
  const text = query.get("timeout") ?? ""
  if (text === "") return answer
  const asked = parse(text)
  if (Result.isFailure(asked))
    return Effect.fail(new BadRequest({ detail: `invalid timeout specified in the request URL - ${asked.failure}` }))
  const limit = asked.success
  if (limit <= 0 || limit > longest) return answer
  return Effect.timeoutOrElse(answer, { duration: limit, orElse: () => Effect.fail(over) })
}
