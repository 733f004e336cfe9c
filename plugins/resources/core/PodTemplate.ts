/** PodTemplates, as the API server treats them. */
import type { Strategy } from "../../../kernel/resource/Strategy.ts"
import { containers, labels, text } from "../Columns.ts"
import type { PodTemplate } from "../contracts/core/v1.ts"
import * as PodDefaults from "./PodDefaults.ts"
import * as PodWarnings from "./PodWarnings.ts"
import { validateTemplate } from "./Template.ts"

export const strategy: Strategy<PodTemplate> = {
  generation: true,
  warnings: PodWarnings.ofWorkload(({ template }) => template, "template", false),
  defaults: (one) => ({ ...one, template: PodDefaults.template(one.template) }),
  validate: ({ template }) => validateTemplate(template, "template"),
  onlyColumns: true,
  columns: [
    ...containers<PodTemplate>(({ template }) => template.spec).map(({ wide: _, ...column }) => column),
    text("Pod Labels", "The labels of its Pods.", ({ template }) => labels(template.metadata?.labels))
  ]
}
