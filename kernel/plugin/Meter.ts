/**
 * What calls cost: how many, how long, how many without an answer. Counting one is plain arithmetic on arrays that are there.
 * It measures this machine, not the time that programs are told, so it asks no Clock.
 */

export interface Reason {
  readonly count: number
  /** The last of them. */
  readonly why: unknown
}

/** What a meter shows. */
export interface Reading {
  readonly calls: number
  /** Those that ended without an answer: it threw, or was not there. Errors of the contract are answers. */
  readonly errors: number
  /** Why the last of these had none. */
  readonly lastError?: unknown
  /** How many had none for each reason, as far as reasons are told apart by their words. */
  readonly reasons: ReadonlyMap<string, Reason>
  /** Over the last ten seconds or so. */
  readonly callsPerSecond: number
  /** In milliseconds, over the last ten seconds or so; 0 without calls. */
  readonly p99: number
}

export interface Meter {
  /** Whether the next call shall be timed: all of them, or one in eight where there are many and the clock would cost most. */
  readonly isTimed: () => boolean
  /** A call that has ended. `millis` is negative if it was not timed. */
  readonly count: (millis: number, isAnswered: boolean, why?: unknown) => void
  readonly read: () => Reading
}

/** Four buckets for each doubling of the microseconds. */
const buckets = 128
export const bucketOf = (micros: number) => {
  if (micros < 4) return micros < 0 ? 0 : micros | 0
  const power = 31 - Math.clz32(Math.min(micros, 2 ** 31 - 1))
  return ((power - 1) << 2) | ((micros >> (power - 2)) & 3)
}
/** The largest that falls into a bucket, in microseconds. */
export const ceilingOf = (bucket: number) => {
  if (bucket < 4) return bucket + 1
  const power = (bucket >> 2) + 1
  return 2 ** power + ((bucket & 3) + 1) * 2 ** (power - 2)
}

const span = 5000
/** As many in a span are many. */
const many = 1000

/** More reasons than these are one. */
const mostReasons = 16
const others = "other reasons"
const longest = 300

const wordsOf = (why: unknown) => (why instanceof Error && why.message !== "" ? why.message : String(why)).slice(0, longest)

/** `failing` is told how many calls in a row were not answered. */
export const make = (failing: (streak: number) => void = () => {}, now: () => number = () => performance.now()): Meter => {
  let [calls, errors, streak, before, since, counted] = [0, 0, 0, 0, now(), 0]
  let [current, last] = [new Uint32Array(buckets), new Uint32Array(buckets)]
  let [lastSpan, timed, timedBefore] = [0, 0, 0]
  let lastError: unknown
  const reasons = new Map<string, Reason>()
  const blame = (why: unknown) => {
    if (why === undefined) return
    const words = wordsOf(why)
    const reason = reasons.size < mostReasons || reasons.has(words) ? words : others
    reasons.set(reason, { count: (reasons.get(reason)?.count ?? 0) + 1, why })
  }
  /** Windows follow each other; what is two of them old is forgotten. */
  const turn = (at: number) => {
    if (at - since < span) return
    const isOld = at - since >= 2 * span
    const full = current
    current = last.fill(0)
    last = isOld ? full.fill(0) : full
    before = isOld ? 0 : counted
    timedBefore = isOld ? 0 : timed
    timed = 0
    lastSpan = isOld ? 0 : at - since
    counted = 0
    since = at
  }
  return {
    isTimed: () => counted < many || (counted & 7) === 0,
    count: (millis, isAnswered, why) => {
      if ((++counted & 63) === 0) turn(now())
      calls++
      if (millis >= 0) {
        const bucket = bucketOf(millis * 1000)
        current[bucket] = (current[bucket] ?? 0) + 1
        timed++
      }
      if (isAnswered) streak = 0
      else {
        errors++
        lastError = why
        blame(why)
        failing(++streak)
      }
    },
    read: () => {
      const at = now()
      turn(at)
      const recent = counted + before
      const sampled = timed + timedBefore
      let left = sampled * 0.01
      let bucket = buckets - 1
      for (; bucket > 0; bucket--) {
        left -= (current[bucket] ?? 0) + (last[bucket] ?? 0)
        if (left < 0) break
      }
      const seconds = (at - since + lastSpan) / 1000
      return {
        calls,
        errors,
        reasons: new Map(reasons),
        ...(lastError !== undefined && { lastError }),
        callsPerSecond: seconds > 0 ? recent / seconds : 0,
        p99: sampled === 0 ? 0 : ceilingOf(bucket) / 1000
      }
    }
  }
}
