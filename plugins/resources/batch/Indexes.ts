/** Sets of indexes as Jobs write them: `0,2-4`, in order. */
import { Result } from "effect"

/** How many there are; why it is no such set otherwise. Each is less than `limit`. */
export const parse = (text: string, limit: number): Result.Result<number, string> => {
  if (text === "") return Result.succeed(0)
  let [count, last] = [0, -1]
  for (const part of text.split(",")) {
    const bounds = part.split("-")
    if (bounds.length > 2)
      return Result.fail(
        `the fragment ${JSON.stringify(part)} violates the requirement that an index interval can have at most two parts separated by '-'`
      )
    const [first = "", end = first] = bounds
    for (const bound of bounds) {
      if (!/^\d+$/.test(bound)) return Result.fail(`cannot convert string to integer for index: ${JSON.stringify(bound)}`)
      if (Number(bound) >= limit) return Result.fail(`too large index: ${JSON.stringify(bound)}`)
    }
    if (Number(first) <= last) return Result.fail(`non-increasing order, previous: ${last}, current: ${Number(first)}`)
    if (bounds.length > 1 && Number(end) <= Number(first))
      return Result.fail(`non-increasing order, previous: ${Number(first)}, current: ${Number(end)}`)
    count += Number(end) - Number(first) + 1
    last = Number(end)
  }
  return Result.succeed(count)
}
