/** One wire as several: every contract has its channel, and so has what host and guest say of the guest itself. */
import type * as Wire from "../Wire.ts"

type Frame = ReadonlyArray<unknown>
interface Ears {
  readonly heard: (frame: Frame) => void
  readonly closed: (why: unknown) => void
}

/** Where host and guest speak of the guest. Keys of contracts are never empty. */
export const control = ""

/** Who may speak of what: a host says it, because its guest is a stranger. */
export interface Rules {
  readonly keys: ReadonlyArray<string>
  readonly refuse: (why: string) => void
}

/** The wire's channels, by their keys. What is said before somebody listens waits for them. */
export const over = (wire: Wire.Wire, rules?: Rules) => {
  const ears = new Map<string, Ears>()
  const early = new Map<string, Array<Frame>>()
  let end: { readonly why: unknown } | undefined
  wire.listen(
    ([key, frame]) => {
      if (typeof key !== "string" || !Array.isArray(frame))
        return rules?.refuse("it does not speak the protocol of isolates")
      const ear = ears.get(key)
      if (ear !== undefined) return ear.heard(frame)
      if (rules !== undefined && !rules.keys.includes(key))
        return rules.refuse(`it speaks of ${key}, which it was not given`)
      early.set(key, [...(early.get(key) ?? []), frame])
    },
    (why) => {
      end = { why }
      for (const { closed } of ears.values()) closed(why)
    }
  )
  return (key: string): Wire.Wire => ({
    ...wire,
    post: (frame, bytes) => wire.post([key, frame], bytes),
    listen: (heard, closed) => {
      ears.set(key, { heard, closed })
      for (const frame of early.get(key) ?? []) heard(frame)
      early.delete(key)
      if (end !== undefined) closed(end.why)
    }
  })
}
