/** The ports of its node that a Pod takes, and when two of them are the same. The address 0.0.0.0 is all addresses. */
import type { Pod } from "../../resources/contracts/core/v1.ts"
import type { HostPort } from "./Nodes.ts"

export const of = ({ spec: { containers, initContainers = [] } }: Pod): ReadonlyArray<HostPort> =>
  [...containers, ...initContainers.filter(({ restartPolicy }) => restartPolicy === "Always")]
    .flatMap(({ ports = [] }) => ports)
    .flatMap(({ hostIP = "", hostPort = 0, protocol }) =>
      hostPort === 0 ? [] : [{ ip: hostIP === "" ? "0.0.0.0" : hostIP, protocol, port: hostPort }]
    )

export const collide = (a: HostPort, b: HostPort) =>
  a.port === b.port && a.protocol === b.protocol && (a.ip === b.ip || a.ip === "0.0.0.0" || b.ip === "0.0.0.0")
