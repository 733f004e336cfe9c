/** When which revision was: closely where it is recent, and for long where it is not, in an entry that stays small. */
import { assert, it } from "@effect/vitest"
import { thinned } from "../../kernel/store/Times.ts"

it("two days of marks every two seconds stay a few hundred, and the recent ones all", () => {
  const revisions = { objects: 1, events: 1, leases: 1 }
  const second = 1000
  let marks: ReadonlyArray<{ readonly time: number; readonly revisions: typeof revisions }> = []
  const end = 50 * 3600
  for (let time = 0; time <= end; time += 2) {
    // Thinning each time is what the writer does; here where it makes a difference.
    marks = [
      ...(time % 60 === 0 || time === end ? thinned(marks, time * second) : marks),
      { time: time * second, revisions }
    ]
  }
  assert.isBelow(marks.length, 400)
  const gap = (ago: number) => {
    const index = marks.findLastIndex(({ time }) => time <= (end - ago) * second)
    return index < 0 ? Number.POSITIVE_INFINITY : ((marks[index + 1]?.time ?? 0) - (marks[index]?.time ?? 0)) / second
  }
  assert.deepStrictEqual(
    [gap(10), gap(50), gap(300) <= 20, gap(3600) <= 120, gap(24 * 3600) <= 3600],
    [2, 2, true, true, true]
  )
  assert.isAtLeast(marks[0]?.time ?? 0, (end - 49 * 3600) * second)
})
