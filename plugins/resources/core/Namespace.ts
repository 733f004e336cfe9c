/** Namespaces: they go when all that is in them has gone, which their own finalizer waits for. */
import * as Names from "../../../kernel/resource/Names.ts"
import * as Causes from "../../../kernel/resource/Causes.ts"
import { when } from "../../../kernel/resource/Rules.ts"
import type { Strategy } from "../../../kernel/resource/Strategy.ts"
import { text } from "../Columns.ts"
import type { Namespace } from "../contracts/core/v1.ts"

const finalizer = "kubernetes"
const standard = [finalizer, "foregroundDeletion", "orphan"]

/** By which selectors of namespaces find one by its name. */
const withLabel = (namespace: Namespace): Namespace => {
  const { labels, name } = namespace.metadata
  const label = "kubernetes.io/metadata.name"
  // A name that is still to be made up has no label yet.
  if (!name || labels?.[label] === name) return namespace
  return { ...namespace, metadata: { ...namespace.metadata, labels: { ...labels, [label]: name } } }
}

const prepareCreate = (namespace: Namespace): Namespace => {
  const { finalizers = [] } = namespace.spec
  const all = finalizers.includes(finalizer) ? finalizers : [...finalizers, finalizer]
  return withLabel({ ...namespace, spec: { ...namespace.spec, finalizers: all }, status: { phase: "Active" } })
}

const prepareUpdate = (namespace: Namespace, old: Namespace, subresource: string): Namespace => {
  const { spec, status } = namespace
  if (subresource === "finalize") return { ...old, spec }
  if (subresource === "status") return { ...old, metadata: namespace.metadata, status }
  return { ...namespace, spec: old.spec, status: old.status }
}

const unqualified = "name is neither a standard finalizer name nor is it fully qualified"

const validate = ({ spec: { finalizers = [] } }: Namespace): Causes.Causes =>
  finalizers.flatMap((one) => [
    ...Causes.broken("spec.finalizers", one, Names.labelKey(one)),
    ...when(!one.includes("/") && !standard.includes(one), () => Causes.invalid("spec.finalizers", one, unqualified))
  ])

const validateStatus = ({ metadata, status }: Namespace): Causes.Causes => {
  const { phase = "" } = status
  const [expected, time] = metadata.deletionTimestamp === undefined ? ["Active", "empty"] : ["Terminating", "not empty"]
  return when(phase !== expected, () =>
    Causes.invalid("status.Phase", phase, `may only be '${expected}' if \`deletionTimestamp\` is ${time}`)
  )
}

export const strategy: Strategy<Namespace> = {
  names: Names.dns1123Label,
  generation: false,
  defaults: withLabel,
  prepareCreate,
  validate,
  validateStatus,
  prepareUpdate,
  deletionTimeOnly: true,
  prepareDelete: (namespace) => ({ ...namespace, status: { ...namespace.status, phase: "Terminating" } }),
  finalizers: ({ spec }) => spec.finalizers ?? [],
  selectable: { "status.phase": ({ status }) => status.phase ?? "" },
  columns: [text("Status", "Whether it is going.", ({ status }) => status.phase ?? "")]
}
