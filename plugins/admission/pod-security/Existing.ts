/** What a namespace is told of the Pods that it has, when it begins to ask more of them. Pure. */
import { controllerOf } from "../../../kernel/resource/Kind.ts"
import type { Pod } from "../../resources/contracts/core/v1.ts"
import * as Evaluate from "./Evaluate.ts"
import { format, type LevelVersion } from "./Policy.ts"

/** More are not looked at. */
const most = 3000

/** One Pod of each controller first: the others are like it. */
const inOrder = (pods: ReadonlyArray<Pod>): ReadonlyArray<Pod> => {
  const seen = new Set<string>()
  const [first, others]: [Array<Pod>, Array<Pod>] = [[], []]
  for (const pod of pods) {
    const uid = controllerOf(pod)?.uid
    if (uid !== undefined && seen.has(uid)) others.push(pod)
    else first.push(pod)
    if (uid !== undefined) seen.add(uid)
  }
  return [...first, ...others]
}

const more = (count: number) => (count === 0 ? "" : ` (and ${count} other ${count === 1 ? "pod" : "pods"})`)

export const warnings = (namespace: string, enforce: LevelVersion, pods: ReadonlyArray<Pod>): ReadonlyArray<string> => {
  const all = inOrder(pods)
  const looked = all.slice(0, most)
  const wrong = new Map<string, Array<string>>()
  for (const pod of looked) {
    const reasons = Evaluate.reasons(Evaluate.evaluate(enforce, pod))
    if (reasons === "") continue
    const names = wrong.get(reasons) ?? []
    names.push(pod.metadata.name)
    wrong.set(reasons, names)
  }
  const each = [...wrong].map(([reasons, names]) => `${names.toSorted()[0]}${more(names.length - 1)}: ${reasons}`)
  const level = JSON.stringify(format(enforce))
  return [
    ...(looked.length < all.length
      ? [`new PodSecurity enforce level only checked against the first ${looked.length} of ${all.length} existing pods`]
      : []),
    ...(each.length > 0
      ? [`existing pods in namespace ${JSON.stringify(namespace)} violate the new PodSecurity enforce level ${level}`]
      : []),
    ...each.toSorted()
  ]
}
