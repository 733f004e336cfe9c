/**
 * Whole answers by whole questions: who asks the same bytes again gets the same bytes again, but for the number of the question. Of an
 * answer with several records there are as many versions as may come first.
 */
import type { Transport } from "./Forward.ts"

/** What answers are made of. When that changes they are no longer true. */
export interface Ground {
  isTrue: boolean
}

interface Kept {
  readonly ground: Ground
  readonly versions: ReadonlyArray<Buffer>
  readonly counted: () => void
  turn: number
}

/** All versions together, in bytes. */
const mostKept = 32 * 1024 * 1024
const longest = 512
/** What an entry takes besides its bytes. */
const entry = 200

const copy = (version: Buffer, question: Buffer) => {
  const answer = Buffer.from(version)
  answer[0] = question[0] ?? 0
  answer[1] = question[1] ?? 0
  return answer
}

export const make = () => {
  const all: { readonly [_ in Transport]: Map<string, Kept> } = { udp: new Map(), tcp: new Map() }

  let size = 0

  return {
    find: (question: Buffer, transport: Transport): Buffer | undefined => {
      const kept = all[transport].get(question.toString("latin1", 2))
      if (kept === undefined || !kept.ground.isTrue) return undefined
      const version = kept.versions[kept.turn++ % kept.versions.length]
      if (version === undefined) return undefined
      kept.counted()
      return copy(version, question)
    },
    /** The first of the versions has been told. */
    keep: (question: Buffer, transport: Transport, kept: Omit<Kept, "turn">) => {
      if (question.length > longest) return
      const added = kept.versions.reduce((sum, { length }) => sum + length, entry + question.length)
      if (size + added > mostKept) {
        all.udp.clear()
        all.tcp.clear()
        size = 0
      }
      size += added
      all[transport].set(question.toString("latin1", 2), { ...kept, turn: 1 })
    }
  }
}
export type Messages = ReturnType<typeof make>
