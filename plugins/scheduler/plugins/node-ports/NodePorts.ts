/** The ports of the node that the Pod wants are free. The address 0.0.0.0 is all addresses. */
import { onNode, onPod } from "../../contracts/Changes.ts"
import { type Plugin, unschedulable } from "../../contracts/Framework.ts"
import type { HostPort } from "../../contracts/Nodes.ts"
import { hostPorts } from "../../Resources.ts"

const taken = unschedulable("node(s) didn't have free ports for the requested pod ports")

const collide = (a: HostPort, b: HostPort) =>
  a.port === b.port && a.protocol === b.protocol && (a.ip === b.ip || a.ip === "0.0.0.0" || b.ip === "0.0.0.0")

export const plugin: Plugin = {
  name: "NodePorts",
  isLocal: true,
  hints: [
    onNode(["Add"]),
    onPod(["Delete"], (pod, { before }) => {
      const freed = before === undefined ? [] : hostPorts(before)
      return hostPorts(pod).some((wanted) => freed.some((port) => collide(wanted, port)))
    })
  ],
  preFilter: ({ ports: wanted }) => {
    if (wanted.length === 0) return undefined
    return {
      filter: ({ ports }) => (ports.values().some((port) => wanted.some((one) => collide(one, port))) ? taken : undefined)
    }
  }
}
