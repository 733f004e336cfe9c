/** Two ends of a wire within this process. What is said at one is heard at the other, in a turn of its own. */
import type * as Wire from "../Wire.ts"

type Frame = ReadonlyArray<unknown>
interface Ears {
  readonly heard: (frame: Frame) => void
  readonly closed: (why: unknown) => void
}

/** One end. What is said to it before it listens waits. */
const end = () => {
  let ears: Ears | undefined
  const early: Array<Frame> = []
  return {
    hear: (frame: Frame) => {
      if (ears === undefined) early.push(frame)
      else ears.heard(frame)
    },
    close: (why: unknown) => ears?.closed(why),
    listen: (heard: Ears["heard"], closed: Ears["closed"]) => {
      ears = { heard, closed }
      for (const frame of early.splice(0)) heard(frame)
    }
  }
}

export const make = () => {
  const [near, far] = [end(), end()]
  const wire = ({ listen }: typeof near, other: typeof near): Wire.Wire => ({
    post: (frame) => queueMicrotask(() => other.hear(frame)),
    // What is posted is taken before anybody looks.
    unsent: () => 0,
    drained: queueMicrotask,
    listen
  })
  return { near: wire(near, far), far: wire(far, near), close: near.close }
}
