/** CertificateSigningRequests: asked for once, approved by one, signed by another. */
import * as Age from "../../../kernel/resource/Age.ts"
import * as Causes from "../../../kernel/resource/Causes.ts"
import type { Strategy } from "../../../kernel/resource/Strategy.ts"
import { age, none, text } from "../Columns.ts"
import type { CertificateSigningRequest } from "../contracts/certificates/v1.ts"
import { required } from "../core/ContainerValidation.ts"

type Status = CertificateSigningRequest["status"]

/** Who signs neither approves nor denies: what was said of that stays. */
const unapproved = (status: Status, { conditions: before = [] }: Status): Status => {
  const said = before.filter(({ type }) => type === "Approved" || type === "Denied")
  const { conditions = [], ...rest } = status
  const next = conditions.flatMap((condition) => {
    if (condition.type !== "Approved" && condition.type !== "Denied") return [condition]
    return said.filter(({ type }) => type === condition.type)
  })
  const missing = said.filter(({ type }) => next.every((condition) => condition.type !== type))
  return { ...rest, ...(next.length + missing.length > 0 && { conditions: [...next, ...missing] }) }
}

const prepareUpdate = (request: CertificateSigningRequest, old: CertificateSigningRequest, subresource: string) => {
  const { conditions } = request.status
  const { metadata } = request
  // Who approves says nothing of the certificate.
  if (subresource === "approval") return { ...old, metadata, status: { ...old.status, ...(conditions && { conditions }) } }
  if (subresource === "status") return { ...old, metadata, status: unapproved(request.status, old.status) }
  return { ...request, spec: old.spec, status: old.status }
}

const validateRequest = ({ request, usages = [] }: CertificateSigningRequest["spec"]): Causes.Causes => [
  ...(Buffer.from(request, "base64").includes("-----BEGIN CERTIFICATE REQUEST-----")
    ? []
    : [Causes.invalid("spec.request", "", "PEM block type must be CERTIFICATE REQUEST")]),
  ...(usages.length === 0 ? [Causes.required("spec.usages")] : [])
]

const conditionOf = ({ status: { certificate = "", conditions = [] } }: CertificateSigningRequest) => {
  const has = (type: string) => conditions.some((condition) => condition.type === type)
  const words = ["Approved", "Denied", "Failed"].filter(has)
  const shown = words.length === 0 ? "Pending" : words.join(",")
  return certificate === "" ? shown : `${shown},Issued`
}

export const strategy: Strategy<CertificateSigningRequest> = {
  generation: false,
  prepareUpdate,
  validate: ({ spec }) => [...validateRequest(spec), ...required("spec.signerName", spec.signerName)],
  selectable: { "spec.signerName": ({ spec }) => spec.signerName },
  columns: [
    age,
    text("SignerName", "Who is to sign it.", ({ spec }) => spec.signerName),
    text("Requestor", "Who asks.", ({ spec }) => spec.username ?? ""),
    text("RequestedDuration", "For how long.", ({ spec }) =>
      spec.expirationSeconds === undefined ? none : Age.human(spec.expirationSeconds * 1000)
    ),
    text("Condition", "What became of it.", conditionOf)
  ]
}
