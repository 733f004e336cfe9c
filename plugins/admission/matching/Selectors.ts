/** Selectors of webhooks and policies: by the labels of the namespace, and of the object before or after. */
import { Effect, Option } from "effect"
import type { WireObject } from "../../../kernel/client/Api.ts"
import { Client } from "../../../kernel/client/Client.ts"
import { type ApiError, NotFound } from "../../../kernel/client/Errors.ts"
import type { Admitted } from "../../../kernel/pipeline/Policy.ts"
import type { Unavailable } from "../../../kernel/plugin/Contract.ts"
import * as Selector from "../../../kernel/resource/Selector.ts"
import { Namespace } from "../../resources/contracts/core/v1.ts"
import { isNamespace, type Subject } from "./Subject.ts"

type Labels = Selector.Labels | undefined

const labelsOf = (object: WireObject | undefined): Labels => Object(object?.["metadata"])["labels"]

const isEmpty = ({ matchExpressions = [], matchLabels = {} }: Selector.LabelSelector) =>
  matchExpressions.length === 0 && Object.keys(matchLabels).length === 0

const compiled = new WeakMap<object, (labels: Labels) => boolean>()
const matcherOf = (selector: Selector.LabelSelector) => {
  const matcher = compiled.get(selector) ?? Selector.matcher(selector)
  compiled.set(selector, matcher)
  return matcher
}

export const matchesObject = (selector: Selector.LabelSelector = {}, { object, old }: Admitted): boolean => {
  if (isEmpty(selector)) return true
  const matches = matcherOf(selector)
  return [object, old].some((one) => one !== undefined && matches(labelsOf(one)))
}

export interface Namespaces {
  /** The namespace of a request, also if another process has made it just now. */
  readonly find: (name: string) => Effect.Effect<Namespace, ApiError | Unavailable>
  readonly matches: (
    selector: Selector.LabelSelector | undefined,
    request: Admitted,
    subject: Subject
  ) => Effect.Effect<boolean, ApiError | Unavailable>
}

export const make = Effect.gen(function* () {
  const client = yield* Client
  const cache = yield* client.cache(Namespace, { indexes: {} })

  const find = Effect.fnUntraced(function* (name: string) {
    const key = { namespace: "", name }
    const found = cache.get(key) ?? Option.getOrUndefined(yield* client.find(Namespace, key))
    return found ?? (yield* new NotFound({ group: "", resource: Namespace.plural, ...key }))
  })

  const namespaceLabels = (request: Admitted, subject: Subject): Effect.Effect<Labels, ApiError | Unavailable> =>
    // Of a Namespace that is written, what is written counts.
    isNamespace(subject) && subject.subresource === "" && request.object !== undefined
      ? Effect.succeed(labelsOf(request.object))
      : Effect.map(find(subject.namespace), ({ metadata }) => metadata.labels)

  const namespaces: Namespaces = {
    find,
    matches: (selector = {}, request, subject) =>
      isEmpty(selector) || subject.namespace === ""
        ? Effect.succeed(true)
        : Effect.map(namespaceLabels(request, subject), matcherOf(selector))
  }
  return namespaces
})
