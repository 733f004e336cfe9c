/** What the status of a Pod says while no node takes it. */
import type { Pod } from "../resources/contracts/core/v1.ts"
import { time } from "../resources/contracts/Time.ts"

export interface Verdict {
  readonly reason: "Unschedulable" | "SchedulerError"
  readonly message: string
  /** The node where there will be room; `""`: none any more; absent: as before. */
  readonly nominate?: string
}

/** Against the status; nothing, if it says so already. */
export const patchOf = ({ metadata, status }: Pod, { message, nominate, reason }: Verdict, now: number) => {
  const before = status.conditions?.find(({ type }) => type === "PodScheduled")
  const isSaid = before?.status === "False" && before.reason === reason && before.message === message
  const isNominated = nominate === undefined || nominate === (status.nominatedNodeName ?? "")
  if (isSaid && isNominated) return undefined
  const since = before?.status === "False" ? before.lastTransitionTime : undefined
  const condition = {
    type: "PodScheduled",
    status: "False",
    reason,
    message,
    lastTransitionTime: since ?? time(now),
    ...(metadata.generation !== undefined && { observedGeneration: metadata.generation })
  }
  return {
    metadata: { uid: metadata.uid },
    status: {
      ...(!isSaid && { conditions: [condition] }),
      ...(!isNominated && { nominatedNodeName: nominate === "" ? null : nominate })
    }
  }
}
