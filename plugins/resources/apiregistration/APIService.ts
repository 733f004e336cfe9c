/** APIServices: which server answers for a group. */
import * as Causes from "../../../kernel/resource/Causes.ts"
import * as Names from "../../../kernel/resource/Names.ts"
import type { Strategy } from "../../../kernel/resource/Strategy.ts"
import { text } from "../Columns.ts"
import type { APIService } from "../contracts/apiregistration/v1.ts"

const availability = ({ status }: APIService) => {
  const { reason = "", status: is = "Unknown" } = status.conditions?.find(({ type }) => type === "Available") ?? {}
  return is === "True" || reason === "" ? is : `${is} (${reason})`
}

/** It is called after what it is for. */
const nameOf = ({ metadata: { name }, spec: { group = "", version = "" } }: APIService): Causes.Causes => {
  const wanted = `${version}.${group}`
  return name === wanted
    ? []
    : [Causes.invalid("metadata.name", name, `must be \`spec.version+"."+spec.group\`: ${JSON.stringify(wanted)}`)]
}

const what = ({ spec: { group = "", groupPriorityMinimum, version = "", versionPriority } }: APIService): Causes.Causes => [
  ...(group === "" && version !== "v1"
    ? [Causes.required("spec.group", "only v1 may have an empty group and it better be legacy kube")]
    : []),
  ...(group === "" ? [] : Causes.broken("spec.group", group, Names.dns1123Subdomain(group))),
  ...Causes.broken("spec.version", version, Names.dns1035Label(version)),
  ...(groupPriorityMinimum <= 0 || groupPriorityMinimum > 20_000
    ? [Causes.invalid("spec.groupPriorityMinimum", groupPriorityMinimum, "must be positive and less than 20000")]
    : []),
  ...(versionPriority <= 0 || versionPriority > 1000
    ? [Causes.invalid("spec.versionPriority", versionPriority, "must be positive and less than 1000")]
    : [])
]

const bytesOf = (base64: string) => Buffer.from(base64, "base64").length

const local = ({ spec: { caBundle = "", insecureSkipTLSVerify = false } }: APIService): Causes.Causes => [
  ...(caBundle === ""
    ? []
    : [Causes.invalid("spec.caBundle", `${bytesOf(caBundle)} bytes`, "local APIServices may not have a caBundle")]),
  ...(insecureSkipTLSVerify
    ? [Causes.invalid("spec.insecureSkipTLSVerify", true, "local APIServices may not have insecureSkipTLSVerify")]
    : [])
]

const remote = ({ caBundle = "", insecureSkipTLSVerify = false, service }: APIService["spec"]): Causes.Causes => [
  ...(service?.namespace ? [] : [Causes.required("spec.service.namespace")]),
  ...(service?.name ? [] : [Causes.required("spec.service.name")]),
  ...Names.portNumber(service?.port ?? 443).map((why) =>
    Causes.invalid("spec.service.port", service?.port, `port is not valid: ${why}`)
  ),
  ...(insecureSkipTLSVerify && caBundle !== ""
    ? [Causes.invalid("spec.insecureSkipTLSVerify", true, "may not be true if caBundle is present")]
    : [])
]

export const strategy: Strategy<APIService> = {
  generation: false,
  names: Names.pathSegment,
  validate: (one) => [...nameOf(one), ...what(one), ...(one.spec.service === undefined ? local(one) : remote(one.spec))],
  columns: [
    text("Service", "Who serves it.", ({ spec: { service } }) =>
      service === undefined ? "Local" : `${service.namespace ?? ""}/${service.name ?? ""}`
    ),
    text("Available", "Whether it answers.", availability)
  ]
}
