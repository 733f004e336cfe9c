/** The ports of the node that the Pod wants are free. The address 0.0.0.0 is all addresses. */
import type { Filter } from "../contracts/Extensions.ts"
import type { HostPort } from "../contracts/Nodes.ts"

const taken = ["node(s) didn't have free ports for the requested pod ports"]

const collide = (a: HostPort, b: HostPort) =>
  a.port === b.port && a.protocol === b.protocol && (a.ip === b.ip || a.ip === "0.0.0.0" || b.ip === "0.0.0.0")

export const nodePorts: Filter = {
  name: "NodePorts",
  retryOn: ["node", "pod removed"],
  prepare: ({ ports: wanted }) =>
    wanted.length === 0
      ? undefined
      : ({ ports }) => (ports.values().some((port) => wanted.some((one) => collide(one, port))) ? taken : [])
}
