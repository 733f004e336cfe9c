/** Is asked about writes before they are stored: here, Pods have to have a label. */
import { Effect } from "effect"
import * as AdmissionPlugin from "keelson/admission/AdmissionPlugin"

/** The configuration, as keelson.json has its schema. */
interface Options {
  readonly label?: string
}

const labelsOf = ({ object }: AdmissionPlugin.Request): Record<string, unknown> =>
  Object(Object(object?.["metadata"])["labels"])

export const plugin = ({ label = "team" }: Options = {}) =>
  AdmissionPlugin.make({
    name: "sample-plugin",
    rules: [{ operations: ["CREATE"], apiGroups: [""], apiVersions: ["v1"], resources: ["pods"] }],
    validate: (request) => (label in labelsOf(request) ? Effect.void : AdmissionPlugin.refuse(`it has no label ${label}`))
  })
