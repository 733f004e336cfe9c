/** The ports of the node that the Pod wants are free. The address 0.0.0.0 is all addresses. */
import { onNode, onPod } from "../../contracts/Changes.ts"
import { type Plugin, unschedulable } from "../../contracts/Framework.ts"
import * as HostPorts from "../../contracts/HostPorts.ts"

const taken = unschedulable("node(s) didn't have free ports for the requested pod ports")

export const plugin: Plugin = {
  name: "NodePorts",
  isLocal: true,
  hints: [
    onNode(["Add"]),
    onPod(["Delete"], (pod, { before }) => {
      const freed = before === undefined ? [] : HostPorts.of(before)
      return HostPorts.of(pod).some((wanted) => freed.some((port) => HostPorts.collide(wanted, port)))
    })
  ],
  preFilter: ({ ports: wanted }) => {
    if (wanted.length === 0) return undefined
    return {
      filter: ({ ports }) =>
        ports.values().some((port) => wanted.some((one) => HostPorts.collide(one, port))) ? taken : undefined
    }
  }
}
