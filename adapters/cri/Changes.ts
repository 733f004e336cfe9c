/** What has changed between two looks at a runtime. Of events nothing is needed but that they came: then it is looked at. */
import { Stream } from "effect"
import type { Effect } from "effect"

/** What a change would change: for each Pod, by the runtime's id, the states of its containers. */
export type Picture = ReadonlyMap<string, { readonly uid: string; readonly text: string }>

const changed = (before: Picture, after: Picture) =>
  [...new Set([...before.keys(), ...after.keys()])]
    .filter((pod) => before.get(pod)?.text !== after.get(pod)?.text)
    .map((pod) => ({ pod, uid: (after.get(pod) ?? before.get(pod))?.uid ?? "" }))

/** A hint for each Pod there is, and then for what differs at each look. */
export const between = <A, E, R, E2, R2>(looks: Stream.Stream<A, E, R>, picture: Effect.Effect<Picture, E2, R2>) =>
  looks.pipe(
    Stream.mapEffect(() => picture),
    Stream.mapAccum(
      (): Picture => new Map(),
      (before, after) => [after, changed(before, after)]
    )
  )
