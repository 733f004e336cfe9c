/** The node has room for what the Pod asks for, and for one Pod more. */
import type { Filter } from "../contracts/Extensions.ts"

export const nodeResourcesFit: Filter = {
  name: "NodeResourcesFit",
  retryOn: ["node", "pod removed"],
  prepare: ({ requests: { cpu, memory, others, storage } }) => {
    const named = Object.entries(others).filter(([, amount]) => amount > 0)
    return ({ allocatable, pods, requested }) => {
      const reasons: Array<string> = []
      if (pods.size + 1 > allocatable.pods) reasons.push("Too many pods")
      if (cpu > 0 && cpu > allocatable.cpu - requested.cpu) reasons.push("Insufficient cpu")
      if (memory > 0 && memory > allocatable.memory - requested.memory) reasons.push("Insufficient memory")
      if (storage > 0 && storage > allocatable.storage - requested.storage) reasons.push("Insufficient ephemeral-storage")
      for (const [name, amount] of named) {
        if (amount > (allocatable.others[name] ?? 0) - (requested.others[name] ?? 0)) reasons.push(`Insufficient ${name}`)
      }
      return reasons
    }
  }
}
