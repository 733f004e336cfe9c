/** The second round of plugins that change objects: who has been asked, and is asked again because another has changed the object since. */
import type { WireObject } from "../../../kernel/client/Api.ts"
import type { Round } from "../../../kernel/pipeline/Policy.ts"

export interface Progress {
  /** Asked, and not yet overtaken by a change. */
  readonly asked: Set<string>
  /** To be asked in the second round. */
  readonly again: Set<string>
  /** What the last of them left. */
  left: WireObject | undefined
}

/** Of one plugin, by the request that it is asked about. */
export const make = () => {
  const progress = new WeakMap<Round, Progress>()
  return (round: Round): Progress => {
    const found = progress.get(round) ?? { asked: new Set(), again: new Set(), left: undefined }
    progress.set(round, found)
    return found
  }
}

/** Another has changed the object. */
export const overtake = ({ again, asked }: Progress) => {
  for (const id of asked) again.add(id)
  asked.clear()
}
