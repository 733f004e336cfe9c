/** What is wrong with network policies. */
import * as Causes from "../../../kernel/resource/Causes.ts"
import { between, cidr, each, enumerated, inside, isCidr, when } from "../../../kernel/resource/Rules.ts"
import * as Selector from "../../../kernel/resource/Selector.ts"
import type { NetworkPolicy, NetworkPolicyPeer, NetworkPolicyPort } from "../contracts/networking/v1.ts"
import { validatePort } from "../core/ProbeValidation.ts"

const validatePolicyPort = ({ endPort, port, protocol }: NetworkPolicyPort, field: string): Causes.Causes => [
  ...enumerated(`${field}.protocol`, protocol, ["TCP", "UDP", "SCTP"]),
  ...inside(port, (one) => validatePort(one, `${field}.port`)),
  ...(typeof port === "number" && endPort !== undefined
    ? [
        ...when(endPort < port, () => Causes.invalid(`${field}.endPort`, port, "must be greater than or equal to `port`")),
        ...between(`${field}.endPort`, endPort, 1, 65535)
      ]
    : []),
  ...when(typeof port === "string" && endPort !== undefined, () =>
    Causes.invalid(`${field}.endPort`, endPort, "may not be specified when `port` is non-numeric")
  ),
  ...when(port === undefined && endPort !== undefined, () =>
    Causes.invalid(`${field}.endPort`, endPort, "may not be specified when `port` is not specified")
  )
]

const bits = (range: string) => Number(range.split("/")[1])

const validateBlock = ({ cidr: range, except }: NonNullable<NetworkPolicyPeer["ipBlock"]>, field: string): Causes.Causes => [
  ...(range === "" ? [Causes.required(`${field}.cidr`)] : cidr(`${field}.cidr`, range)),
  ...(isCidr(range)
    ? each(except, `${field}.except`, (one, at) => [
        ...cidr(at, one),
        ...when(isCidr(one) && bits(one) <= bits(range), () => Causes.invalid(at, one, "must be a strict subset of `cidr`"))
      ])
    : [])
]

const validatePeer = ({ ipBlock, namespaceSelector, podSelector }: NetworkPolicyPeer, field: string): Causes.Causes => {
  const isSelected = podSelector !== undefined || namespaceSelector !== undefined
  return [
    ...inside(podSelector, (one) => Selector.validate(one, `${field}.podSelector`)),
    ...inside(namespaceSelector, (one) => Selector.validate(one, `${field}.namespaceSelector`)),
    ...inside(ipBlock, (block) => validateBlock(block, `${field}.ipBlock`)),
    ...when(!isSelected && ipBlock === undefined, () => Causes.required(field, "must specify a peer")),
    ...when(isSelected && ipBlock !== undefined, () =>
      Causes.forbidden(field, "may not specify both ipBlock and another peer")
    )
  ]
}

export const validatePolicy = ({ spec }: NetworkPolicy): Causes.Causes => {
  const { egress, ingress, podSelector, policyTypes = [] } = spec
  return [
    ...Selector.validate(podSelector, "spec.podSelector"),
    ...each(ingress, "spec.ingress", ({ from, ports }, at) => [
      ...each(ports, `${at}.ports`, validatePolicyPort),
      ...each(from, `${at}.from`, validatePeer)
    ]),
    ...each(egress, "spec.egress", ({ ports, to }, at) => [
      ...each(ports, `${at}.ports`, validatePolicyPort),
      ...each(to, `${at}.to`, validatePeer)
    ]),
    ...(policyTypes.length > 2
      ? [Causes.invalid("spec.policyTypes", policyTypes, "may not specify more than two policyTypes")]
      : each(policyTypes, "spec.policyTypes", (type, at) => enumerated(at, type, ["Ingress", "Egress"])))
  ]
}
