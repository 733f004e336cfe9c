import { describe, expect, it } from "@effect/vitest"
import { Effect, Fiber, Result } from "effect"
import { TestClock } from "effect/testing"
import * as Deadline from "../../plugins/apiserver/Deadline.ts"

const asked = (timeout: string) => new URLSearchParams({ timeout })

describe("how long a client wants to wait", () => {
  // What time.ParseDuration of Go says.
  it.each([
    ["0", 0],
    ["5s", 5000],
    ["1m30s", 90_000],
    ["1.5h", 5_400_000],
    ["-.5s", -500],
    ["250us", 0.25]
  ])("%s", (text, millis) => expect(Deadline.parse(text)).toEqual(Result.succeed(millis)))
  it.each([
    ["invalid", 'time: invalid duration "invalid"'],
    ["-", 'time: invalid duration "-"'],
    [".s", 'time: invalid duration ".s"'],
    ["5", 'time: missing unit in duration "5"'],
    ["5x", 'time: unknown unit "x" in duration "5x"']
  ])("%s is refused", (text, why) => expect(Deadline.parse(text)).toEqual(Result.fail(why)))

  it.effect("is waited, and no longer", () =>
    Effect.gen(function* () {
      const fiber = yield* Effect.forkChild(Effect.flip(Deadline.within(asked("5s"), Effect.never)))
      yield* TestClock.adjust("5 seconds")
      expect(yield* Fiber.join(fiber)).toMatchObject({ code: 504, reason: "Timeout" })
    })
  )
  it.effect("is as good as nothing if it is none, or longer than anybody may wait", () =>
    Effect.gen(function* () {
      for (const timeout of ["", "0s", "3m"]) {
        const fiber = yield* Effect.forkChild(Deadline.within(asked(timeout), Effect.as(Effect.sleep("2 minutes"), "done")))
        yield* TestClock.adjust("2 minutes")
        expect(yield* Fiber.join(fiber)).toBe("done")
      }
    })
  )
  it.effect("is refused if it is no duration", () =>
    Effect.gen(function* () {
      const error = yield* Effect.flip(Deadline.within(asked("soon"), Effect.never))
      expect(error.message).toBe('invalid timeout specified in the request URL - time: invalid duration "soon"')
    })
  )
})
