/** What is wrong with the kernel parameters that a Pod asks for. Source: "Using sysctls in a Kubernetes Cluster", core/v1 Sysctl. */
import * as Causes from "../../../kernel/resource/Causes.ts"
import type { PodSpec } from "../contracts/core/v1.ts"

const segment = "[a-z0-9]([-_a-z0-9]*[a-z0-9])?"
const pattern = `^(${segment}[\\./])*${segment}$`
const regex = new RegExp(pattern)
const longest = 253

/** Dots and slashes are one another's other way to write them: the first that stands in a name parts it. */
const normal = (name: string) =>
  /^[^./]*\//.test(name) ? name.replaceAll(/[./]/g, (one) => (one === "/" ? "." : "/")) : name

/** What belongs to a namespace that the Pod shares with its node is the node's. */
const ofHost = (name: string, { hostIPC, hostNetwork }: PodSpec) => {
  if (hostNetwork === true && name.startsWith("net.")) return "hostNetwork"
  const isIpc = name.startsWith("fs.mqueue.") || /^kernel\.(shm|msg|sem)/.test(name)
  return hostIPC === true && isIpc ? "hostIPC" : undefined
}

export const validateSysctls = (spec: PodSpec, field: string): Causes.Causes => {
  const all = spec.securityContext?.sysctls ?? []
  return all.flatMap(({ name = "" }, index) => {
    const at = `${field}.securityContext.sysctls[${index}]`
    if (name === "") return [Causes.required(`${at}.name`)]
    if (name.length > longest || !regex.test(name))
      return [Causes.invalid(`${at}.name`, name, `must have at most ${longest} characters and match regex ${pattern}`)]
    const shared = ofHost(normal(name), spec)
    return [
      ...(all.findIndex((other) => normal(other.name ?? "") === normal(name)) < index
        ? [Causes.duplicate(`${at}.name`, name)]
        : []),
      ...(shared === undefined ? [] : [Causes.invalid(`${at}.name`, name, `may not be specified when '${shared}' is true`)])
    ]
  })
}
