/** Policies of admission: how they are shown and checked. */
import type { Column, Strategy } from "../../../kernel/resource/Strategy.ts"
import { integer, text, unset } from "../Columns.ts"
import type {
  MutatingAdmissionPolicy,
  MutatingAdmissionPolicyBinding,
  ValidatingAdmissionPolicy,
  ValidatingAdmissionPolicyBinding
} from "../contracts/admissionregistration/v1.ts"
import { mutating, mutatingBinding, validating, validatingBinding } from "./Policies.ts"

export const policy: Strategy<ValidatingAdmissionPolicy> = {
  validate: validating,
  columns: [
    integer("Validations", "How many rules it has.", ({ spec }) => spec?.validations?.length),
    text("ParamKind", "What it takes its parameters from.", ({ spec }) =>
      spec?.paramKind === undefined ? unset : `${spec.paramKind.apiVersion}/${spec.paramKind.kind}`
    )
  ]
}

export const mutatingPolicy: Strategy<MutatingAdmissionPolicy> = {
  generation: true,
  validate: mutating,
  columns: [
    integer("Mutations", "How many changes it makes.", ({ spec }) => spec?.mutations?.length),
    text("ParamKind", "What it takes its parameters from.", ({ spec }) =>
      spec?.paramKind === undefined ? unset : `${spec.paramKind.apiVersion}/${spec.paramKind.kind}`
    )
  ]
}

type Binding = MutatingAdmissionPolicyBinding | ValidatingAdmissionPolicyBinding
const shownBinding: Pick<Strategy<Binding>, "generation"> & { readonly columns: ReadonlyArray<Column<Binding>> } = {
  generation: true,
  columns: [
    text("PolicyName", "The policy.", ({ spec }) => spec?.policyName ?? ""),
    text("ParamRef", "Its parameters.", ({ spec }) => {
      const paramRef = spec?.paramRef
      if (paramRef === undefined) return unset
      return `${paramRef.namespace === undefined ? "" : `${paramRef.namespace}/`}${paramRef.name ?? "*"}`
    })
  ]
}
export const policyBinding: Strategy<ValidatingAdmissionPolicyBinding> = { ...shownBinding, validate: validatingBinding }
export const mutatingPolicyBinding: Strategy<MutatingAdmissionPolicyBinding> = { ...shownBinding, validate: mutatingBinding }
