/**
 * Groups of the community are not for everybody: a definition in one names the review that has approved it, or says that there was
 * none. Source: "Restrictions on *.k8s.io groups", https://github.com/kubernetes/enhancements/pull/1111.
 */
import type { CustomResourceDefinition as Crd } from "../resources/contracts/apiextensions/v1.ts"

export const annotation = "api-approved.kubernetes.io"

const must = `protected groups must have approval annotation "${annotation}"`
const see = "see https://github.com/kubernetes/enhancements/pull/1111"

export interface Approval {
  readonly state: "ApprovedAnnotation" | "UnapprovedAnnotation" | "MissingAnnotation" | "InvalidAnnotation"
  readonly message: string
}

const isReview = (text: string) => URL.canParse(text) && new URL(text).host !== ""

/** Nothing: its group is anybody's. */
export const of = ({ metadata, spec }: Crd): Approval | undefined => {
  if (!/(^|\.)(k8s\.io|kubernetes\.io)$/.test(spec.group)) return undefined
  const text = metadata.annotations?.[annotation] ?? ""
  if (text === "") return { state: "MissingAnnotation", message: `${must}, ${see}` }
  if (text.startsWith("unapproved"))
    return { state: "UnapprovedAnnotation", message: `not approved: ${JSON.stringify(text)}` }
  if (isReview(text)) return { state: "ApprovedAnnotation", message: `approved in ${text}` }
  const message = `${must} with either a URL or a reason starting with "unapproved", ${see}`
  return { state: "InvalidAnnotation", message }
}

/** Of its status. */
export const condition = (crd: Crd) => {
  const approval = of(crd)
  if (approval === undefined) return []
  const { message, state: reason } = approval
  const status = reason === "ApprovedAnnotation" ? "True" : "False"
  return [{ type: "KubernetesAPIApprovalPolicyConformant", status, reason, message }] as const
}
