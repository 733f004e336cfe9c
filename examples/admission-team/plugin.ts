/** Pods have to say whose they are, and are told who asked for them. */
import { Effect } from "effect"
import * as AdmissionPlugin from "keelson/admission/AdmissionPlugin"

const labelsOf = ({ object }: AdmissionPlugin.Request): Record<string, unknown> =>
  Object(Object(object?.["metadata"])["labels"])

/** `label`: the one that a Pod must have; `team` without it. */
export const plugin = ({ label = "team" }: { readonly label?: string } = {}) =>
  AdmissionPlugin.make({
    name: "admission-team",
    rules: [{ operations: ["CREATE"], apiGroups: [""], apiVersions: ["v1"], resources: ["pods"] }],

    mutate: (request) => {
      const { object, user } = request
      const labels = labelsOf(request)
      if ("asked-by" in labels) return Effect.void
      const metadata = { ...Object(object?.["metadata"]), labels: { ...labels, "asked-by": user.name.replaceAll(":", ".") } }
      return Effect.succeed({ object: { ...object, metadata } })
    },

    validate: (request) =>
      label in labelsOf(request)
        ? Effect.succeed({ warnings: [`${label} is ${labelsOf(request)[label]}`] })
        : AdmissionPlugin.refuse(`it has no label ${label}`)
  })
