/**
 * What is said over a wire: what one turn of the event loop has to say goes as one frame, and nobody says more than the other end takes.
 * Who asks or answers while a wire is full waits until there is room, so that neither end keeps much of what the other does not read.
 */
import type * as Wire from "./Wire.ts"

/** How many bytes may lie unsent. */
const most = 4 * 1024 ** 2
/** How many bytes of calls may be without an answer: the other end keeps them as long as it works at them. */
const mostAsked = 64 * 1024 ** 2

/** About how many bytes it takes, of what goes over a wire: data. */
export const sizeOf = (value: unknown): number => {
  if (typeof value === "string") return value.length
  if (typeof value !== "object" || value === null) return 8
  if (value instanceof Uint8Array) return value.byteLength
  let size = 8
  if (Array.isArray(value)) for (const one of value) size += sizeOf(one)
  else for (const one of Object.values(value)) size += 8 + sizeOf(one)
  return size
}

export interface Outgoing {
  /** `bytes`: the size of what of the message may be large. */
  readonly say: (message: unknown, bytes?: number) => void
  /** Now, or as soon as there is room, after those who wait already. What is done goes before what is not begun. What is returned gives it up. */
  readonly whenRoom: (then: () => void, isDone?: boolean) => () => void
  readonly isFull: () => boolean
  /** A call of so many bytes is under way; with less than zero, is over. */
  readonly asked: (bytes: number) => void
  /** Nobody hears it any more, and nobody waits. */
  readonly end: () => void
}

const nothing = () => {}

export const over = (wire: Wire.Wire): Outgoing => {
  let frame: Array<unknown> = []
  let [gathered, unanswered, isWatched, isOver] = [0, 0, false, false]
  const [done, waiting] = [new Set<() => void>(), new Set<() => void>()]
  const hasRoom = () => isOver || (gathered + wire.unsent() < most && unanswered < mostAsked)
  const go = () => {
    for (const all of [done, waiting]) {
      for (const then of all) {
        if (!hasRoom()) break
        all.delete(then)
        then()
      }
    }
    // A frame that is about to go looks again when it is gone, an answer when it is there.
    if (done.size + waiting.size === 0 || frame.length > 0 || isWatched || wire.unsent() < most) return
    isWatched = true
    wire.drained(() => {
      isWatched = false
      go()
    })
  }
  const flush = () => {
    const [full, bytes] = [frame, gathered]
    frame = []
    gathered = 0
    wire.post(full, bytes)
    if (done.size + waiting.size > 0) go()
  }
  return {
    say: (message, bytes = 0) => {
      gathered += bytes
      if (frame.push(message) === 1) queueMicrotask(flush)
    },
    whenRoom: (then, isDone = false) => {
      if (done.size === 0 && (isDone || waiting.size === 0) && hasRoom()) {
        then()
        return nothing
      }
      const all = isDone ? done : waiting
      all.add(then)
      go()
      return () => all.delete(then)
    },
    isFull: () => done.size + waiting.size > 0 || !hasRoom(),
    asked: (bytes) => {
      unanswered += bytes
      if (bytes < 0 && waiting.size > 0) go()
    },
    end: () => {
      isOver = true
      go()
    }
  }
}
