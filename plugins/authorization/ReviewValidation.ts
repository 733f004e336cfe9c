/** What is wrong with what an access review asks, in upstream's words. Source: API reference, authorization.k8s.io/v1. */
import type { Schema } from "effect"
import * as Causes from "../../kernel/resource/Causes.ts"
import * as Names from "../../kernel/resource/Names.ts"
import { each, inside, when } from "../../kernel/resource/Rules.ts"
import type { ResourceAttributes, SubjectAccessReviewSpec } from "../resources/contracts/authorization/v1.ts"

export type Asked = Pick<SubjectAccessReviewSpec, "nonResourceAttributes" | "resourceAttributes">

type Selectors = NonNullable<ResourceAttributes["labelSelector"]>

const validateRequirements = (requirements: Selectors["requirements"], field: string): Causes.Causes =>
  each(requirements, field, ({ key, operator, values = [] }, at) => {
    const isMany = operator === "In" || operator === "NotIn"
    const isOne = operator === "Exists" || operator === "DoesNotExist"
    return [
      ...when(isMany && values.length === 0, () =>
        Causes.required(`${at}.values`, "must be specified when `operator` is 'In' or 'NotIn'")
      ),
      ...when(isOne && values.length > 0, () =>
        Causes.forbidden(`${at}.values`, "may not be specified when `operator` is 'Exists' or 'DoesNotExist'")
      ),
      ...Causes.broken(`${at}.key`, key, Names.labelKey(key))
    ]
  })

/** A selector of either sort: by its text, or by its parts. */
const validateSelector = ({ rawSelector = "", requirements = [] }: Selectors, field: string): Causes.Causes => {
  if (rawSelector !== "")
    return when(requirements.length > 0, () =>
      Causes.invalid(`${field}.rawSelector`, rawSelector, "may not specified at the same time as requirements")
    )
  return when(requirements.length === 0, () =>
    Causes.required(`${field}.requirements`, `when ${field} is specified, requirements or rawSelector is required`)
  )
}

export const validateAsked = ({ nonResourceAttributes, resourceAttributes }: Asked): Causes.Causes => {
  const field = "spec.resourceAttributes"
  const { path = "", verb = "" } = nonResourceAttributes ?? {}
  return [
    ...when(resourceAttributes !== undefined && nonResourceAttributes !== undefined, () =>
      Causes.invalid(
        "spec.nonResourceAttributes",
        { Path: path, Verb: verb },
        "cannot be specified in combination with resourceAttributes"
      )
    ),
    ...when(resourceAttributes === undefined && nonResourceAttributes === undefined, () =>
      Causes.invalid(field, null, "exactly one of nonResourceAttributes or resourceAttributes must be specified")
    ),
    ...inside(resourceAttributes?.fieldSelector, (one) => validateSelector(one, `${field}.fieldSelector`)),
    ...inside(resourceAttributes?.labelSelector, (one) => [
      ...validateSelector(one, `${field}.labelSelector`),
      ...validateRequirements(one.requirements, `${field}.labelSelector.requirements`)
    ])
  ]
}

/** Somebody has to be asked about. */
export const validateSubject = ({ groups = [], user = "" }: SubjectAccessReviewSpec): Causes.Causes =>
  when(user === "" && groups.length === 0, () =>
    Causes.invalid("spec.user", user, "at least one of user or group must be specified")
  )

/** A local review is about its own namespace, so that who may ask there learns nothing of others. */
export const validateLocal = ({ nonResourceAttributes, resourceAttributes }: Asked, namespace: string): Causes.Causes => [
  ...when((resourceAttributes?.namespace ?? namespace) !== namespace, () =>
    Causes.invalid("spec.resourceAttributes.namespace", resourceAttributes?.namespace, "must match metadata.namespace")
  ),
  ...inside(nonResourceAttributes, ({ path = "", verb = "" }) => [
    Causes.invalid("spec.nonResourceAttributes", { Path: path, Verb: verb }, "disallowed on this kind of request")
  ])
]

/** Nothing is kept of a review, so it has no name. The namespace is the path's. */
export const validateMetadata = (body: Schema.JsonObject, isLocal: boolean): Causes.Causes => {
  const metadata: Schema.JsonObject = Object(body["metadata"])
  const said = Object.entries(metadata).some(([name, value]) => name !== "namespace" && value !== null && value !== "")
  const words = isLocal ? "must be empty except for namespace" : "must be empty"
  return when(said, () => Causes.invalid("metadata", metadata, words))
}
