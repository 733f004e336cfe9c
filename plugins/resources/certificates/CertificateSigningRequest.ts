/** CertificateSigningRequests: asked for once, approved by one, signed by another. */
import { X509Certificate } from "node:crypto"
import * as Age from "../../../kernel/resource/Age.ts"
import * as Causes from "../../../kernel/resource/Causes.ts"
import { enumerated, required } from "../../../kernel/resource/Rules.ts"
import type { Strategy } from "../../../kernel/resource/Strategy.ts"
import * as SigningRequest from "../../certificates/contracts/SigningRequest.ts"
import { same } from "../apps/Workloads.ts"
import { age, none, text } from "../Columns.ts"
import type { CertificateSigningRequest } from "../contracts/certificates/v1.ts"

type Spec = CertificateSigningRequest["spec"]
type Status = CertificateSigningRequest["status"]
type Condition = NonNullable<Status["conditions"]>[number]

/** Who signs neither approves nor denies: what was said of that stays as it was. */
const unapproved = ({ conditions, ...rest }: Status, { conditions: before = [] }: Status): Status => {
  const isDecision = (type: string) => type === "Approved" || type === "Denied"
  const kept = conditions?.map((one) => (isDecision(one.type) ? (before.find(({ type }) => type === one.type) ?? one) : one))
  return { ...rest, ...(kept && { conditions: kept }) }
}

/** Who approves says nothing of the certificate. */
const decided = ({ conditions }: Status, { conditions: _, ...rest }: Status): Status => ({
  ...rest,
  ...(conditions && { conditions })
})

const prepareUpdate = (request: CertificateSigningRequest, old: CertificateSigningRequest, subresource: string) => {
  const { metadata, status } = request
  if (subresource === "approval") return { ...old, metadata, status: decided(status, old.status) }
  if (subresource === "status") return { ...old, metadata, status: unapproved(status, old.status) }
  return { ...request, spec: old.spec, status: old.status }
}

const legacy = "kubernetes.io/legacy-unknown"
const label = /^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$/
const path = /^[a-zA-Z0-9]([-a-zA-Z0-9]*[a-zA-Z0-9])?$/
const isSignerName = (name: string) => {
  const [domain = "", ...rest] = name.split("/")
  const segments = rest.join("/").split(".")
  const isDomain = domain.includes(".") && domain.split(".").every((part) => label.test(part))
  return name.length <= 571 && isDomain && rest.length === 1 && segments.every((part) => path.test(part))
}

const validateSigner = (name: string): Causes.Causes => {
  if (name === "") return [Causes.required("spec.signerName")]
  if (name === legacy) {
    return [Causes.invalid("spec.signerName", name, "the legacy signerName is not allowed via this API version")]
  }
  const [domain = "", ...rest] = name.split("/")
  if (rest.length > 0 && label.test(domain))
    return [Causes.invalid("spec.signerName", domain, "should be a domain with at least two segments separated by dots")]
  return isSignerName(name)
    ? []
    : [
        Causes.invalid(
          "spec.signerName",
          name,
          "must be a fully qualified domain and path of the form 'example.com/signer-name'"
        )
      ]
}

const validateUsages = (usages: ReadonlyArray<string>): Causes.Causes => [
  ...(usages.length === 0 ? [Causes.required("spec.usages")] : []),
  ...usages.flatMap((usage, index) => {
    const at = `spec.usages[${index}]`
    return [
      ...(SigningRequest.usages.includes(usage) ? [] : [Causes.notSupported(at, usage, SigningRequest.usages)]),
      ...(usages.indexOf(usage) < index ? [Causes.duplicate(at, usage)] : [])
    ]
  })
]

const leastSeconds = 600

const validateSpec = ({ expirationSeconds, request, signerName, usages = [] }: Spec): Causes.Causes => {
  const asked = SigningRequest.parse(Buffer.from(request, "base64").toString())
  const isShort = expirationSeconds !== undefined && expirationSeconds < leastSeconds
  return [
    ...(asked._tag === "Failure" ? [Causes.invalid("spec.request", request, asked.failure.detail)] : []),
    ...validateUsages(usages),
    ...validateSigner(signerName),
    ...(isShort
      ? [
          Causes.invalid(
            "spec.expirationSeconds",
            expirationSeconds,
            `may not specify a duration less than ${leastSeconds} seconds (10 minutes)`
          )
        ]
      : [])
  ]
}

const said = ["Approved", "Denied", "Failed"]
const ofType = ({ conditions = [] }: Status, wanted: string) => conditions.filter(({ type }) => type === wanted)

const validateCondition = ({ status, type }: Condition, index: number, all: ReadonlyArray<Condition>): Causes.Causes => {
  const field = `status.conditions[${index}]`
  const other = type === "Approved" ? "Denied" : type === "Denied" ? "Approved" : undefined
  return [
    ...required(`${field}.type`, type),
    ...enumerated(`${field}.status`, status, said.includes(type) ? ["True"] : ["False", "True", "Unknown"]),
    ...(all.slice(0, index).some((before) => before.type === type) ? [Causes.duplicate(`${field}.type`, type)] : []),
    ...(all.slice(0, index).some((before) => before.type === other)
      ? [Causes.invalid("status.conditions", type, "Approved and Denied conditions are mutually exclusive")]
      : [])
  ]
}

const pem = /-----BEGIN ([^-\n]*)-----\r?\n([\s\S]*?)-----END \1-----/g
const headers = /^(?:[^\n:]+:[^\n]*\n)+\s*\n/
const isCertificate = (block: string) => {
  try {
    return new X509Certificate(block).subject !== undefined
  } catch {
    // The parser's own words differ from one version of its library to the next.
    return false
  }
}
const wrongIn = (text: string): string | undefined => {
  const blocks = [...text.matchAll(pem)]
  const other = blocks.find(([, type]) => type !== "CERTIFICATE")?.[1]
  if (other !== undefined) return `only CERTIFICATE PEM blocks are allowed, found ${JSON.stringify(other)}`
  if (blocks.some(([, , body = ""]) => headers.test(body))) return "no PEM block headers are permitted"
  if (blocks.length === 0) return "must contain at least one CERTIFICATE PEM block"
  return blocks.every(([block]) => isCertificate(block)) ? undefined : "x509: malformed certificate"
}
const validateCertificate = (certificate = ""): Causes.Causes => {
  const why = certificate === "" ? undefined : wrongIn(Buffer.from(certificate, "base64").toString())
  return why === undefined ? [] : [Causes.invalid("status.certificate", "<certificate data>", why)]
}

/** What was decided stays decided, and what was signed stays as it was. */
const validateDecided = (status: Status, before: Status, subresource: string): Causes.Causes => [
  ...said.flatMap((type) => {
    const [now, then] = [ofType(status, type), ofType(before, type)]
    const what =
      now.length < then.length
        ? "remove"
        : now.length > then.length && type !== "Failed" && subresource !== "approval"
          ? "add"
          : now.length === then.length && !same(now, then)
            ? "modify"
            : undefined
    return what === undefined
      ? []
      : [Causes.forbidden("status.conditions", `updates may not ${what} a condition of type ${JSON.stringify(type)}`)]
  }),
  ...(before.certificate && before.certificate !== status.certificate
    ? [Causes.forbidden("status.certificate", "updates may not modify existing certificate content")]
    : [])
]

const validateStatus = ({ certificate, conditions = [] }: Status): Causes.Causes => [
  ...conditions.flatMap(validateCondition),
  ...validateCertificate(certificate)
]

const conditionOf = ({ status: { certificate = "", conditions = [] } }: CertificateSigningRequest) => {
  const has = (type: string) => conditions.some((condition) => condition.type === type)
  const words = ["Approved", "Denied", "Failed"].filter(has)
  const shown = words.length === 0 ? "Pending" : words.join(",")
  return certificate === "" ? shown : `${shown},Issued`
}

export const strategy: Strategy<CertificateSigningRequest> = {
  generation: false,
  unownedBy: { approval: ["spec", "status.certificate"], status: ["status.conditions"] },
  prepareUpdate,
  validate: ({ spec, status }) => [...validateSpec(spec), ...validateStatus(status)],
  validateStatus: ({ status }) => validateStatus(status),
  validateUpdate: ({ status }, old, subresource) => validateDecided(status, old.status, subresource),
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
