/** The webhooks of all configurations, in the order in which they are asked. */
import type { Resource } from "../../../kernel/resource/Kind.ts"
import type { MutatingWebhook, ValidatingWebhook } from "../../resources/contracts/admissionregistration/v1.ts"

export type Webhook = ValidatingWebhook & Partial<Pick<MutatingWebhook, "reinvocationPolicy">>

export interface Configuration extends Resource {
  readonly webhooks?: ReadonlyArray<Webhook>
}

export interface Hook {
  /** The same as long as its configuration has it under its name, whatever it says there. */
  readonly id: string
  readonly configuration: string
  readonly webhook: Webhook
}

/** Objects do not change, so each is read once. */
const read = new WeakMap<Configuration, ReadonlyArray<Hook>>()
const hooksOf = (configuration: Configuration): ReadonlyArray<Hook> => {
  const before = read.get(configuration)
  if (before !== undefined) return before
  const { metadata, webhooks = [] } = configuration
  const seen = new Map<string, number>()
  const hooks = webhooks.map((webhook) => {
    const count = seen.get(webhook.name) ?? 0
    seen.set(webhook.name, count + 1)
    return { id: `${metadata.name}/${webhook.name}/${count}`, configuration: metadata.name, webhook }
  })
  read.set(configuration, hooks)
  return hooks
}

const byName = (a: Configuration, b: Configuration) => (a.metadata.name < b.metadata.name ? -1 : 1)

export const inOrder = (configurations: ReadonlyArray<Configuration>): ReadonlyArray<Hook> =>
  configurations.length === 0 ? [] : configurations.toSorted(byName).flatMap(hooksOf)
