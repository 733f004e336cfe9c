/** What a plugin of another isolate has said in one attempt. */
import { type Refusal, unasked } from "../contracts/Framework.ts"
import type { NodeInfo } from "../contracts/Nodes.ts"

type Says = (node: NodeInfo) => Refusal | undefined

/** Of all attempts, one after the other, so that none of them has to have a table of its own. */
export class Verdicts {
  private attempt = 0
  private readonly attempts: Array<number> = []
  private readonly refusals: Array<Refusal | undefined> = []

  /** `known`: what it has said before. */
  begin(known: Says): Verdict {
    const attempt = ++this.attempt
    const set = ({ index }: NodeInfo, refusal: Refusal | undefined) => {
      // Without a gap, since arrays with gaps are slow.
      for (let end = this.attempts.length; end <= index; end++) this.attempts[end] = 0
      this.attempts[index] = attempt
      this.refusals[index] = refusal
    }
    const verdict: Verdict = {
      isSilent: false,
      set,
      // By the node's place, which it shares with a copy of it that things are tried on.
      of: (node) => {
        if (verdict.isSilent) return undefined
        if (this.attempts[node.index] === attempt) return this.refusals[node.index]
        const refusal = known(node)
        if (refusal !== unasked) set(node, refusal)
        return refusal
      }
    }
    return verdict
  }
}

export interface Verdict {
  /** It has no say about the Pod. */
  isSilent: boolean
  readonly set: (node: NodeInfo, refusal: Refusal | undefined) => void
  readonly of: Says
}
