/** What a LimitRange adds to containers, and what it says against a Pod or claim. Pure. Source: "Limit Ranges" of the documentation. */
import * as Quantity from "../../../kernel/resource/Quantity.ts"
import type {
  Container,
  LimitRange,
  LimitRangeItem,
  PersistentVolumeClaim,
  Pod,
  PodSpec
} from "../../resources/contracts/core/v1.ts"
import { type Amounts, ofPod, read } from "../../resources/contracts/PodAmounts.ts"

const annotation = "kubernetes.io/limit-ranger"

type Listed = { readonly [name: string]: string } | undefined

const added = (own: Listed, given: Listed) =>
  Object.keys(given ?? {})
    .filter((name) => own?.[name] === undefined)
    .toSorted()

/** `notes` is told what was added. */
const filled = <C extends Pick<Container, "name" | "resources">>(
  container: C,
  item: LimitRangeItem,
  word: string,
  notes: Array<string>
): C => {
  const { limits, requests } = container.resources
  const news = { request: added(requests, item.defaultRequest), limit: added(limits, item.default) }
  for (const [what, names] of Object.entries(news)) {
    if (names.length > 0) notes.push(`${names.join(", ")} ${what} for ${word} ${container.name}`)
  }
  if (news.request.length + news.limit.length === 0) return container
  const resources = {
    ...container.resources,
    ...((limits ?? item.default) && { limits: { ...item.default, ...limits } }),
    ...((requests ?? item.defaultRequest) && { requests: { ...item.defaultRequest, ...requests } })
  }
  return { ...container, resources }
}

/** The Pod with what the range has for containers that state nothing; itself if there is nothing to add. */
export const complete = (pod: Pod, { spec: { limits } }: LimitRange): Pod => {
  const notes: Array<string> = []
  const items = limits.filter(({ type }) => type === "Container")
  const all = <C extends Pick<Container, "name" | "resources">>(containers: ReadonlyArray<C>, word: string) =>
    containers.map((container) => items.reduce((container, item) => filled(container, item, word, notes), container))
  const { containers, initContainers } = pod.spec
  const spec: PodSpec = {
    ...pod.spec,
    ...(initContainers && { initContainers: all(initContainers, "init container") }),
    containers: all(containers, "container")
  }
  if (notes.length === 0) return pod
  const note = `LimitRanger plugin set: ${notes.join("; ")}`
  return { ...pod, spec, metadata: { ...pod.metadata, annotations: { ...pod.metadata.annotations, [annotation]: note } } }
}

const millionths = (quantity: Quantity.Quantity, of: Quantity.Quantity) =>
  Number((quantity.nanos * 1_000_000n) / of.nanos) / 1_000_000

type Side = "request" | "limit"
type Breaks = (amount: Quantity.Quantity) => boolean

/** One bound: the amount that it is about has to be stated, and the other one keeps it if it is. */
const beyond = (start: string, of: { readonly [_ in Side]: Quantity.Quantity | undefined }, about: Side, breaks: Breaks) => {
  const other: Side = about === "request" ? "limit" : "request"
  if (of[about] === undefined) return [`${start}.  No ${about} is specified`]
  return ([about, other] as const).flatMap((side) => {
    const amount = of[side]
    return amount !== undefined && breaks(amount) ? [`${start}, but ${side} is ${Quantity.format(amount)}`] : []
  })
}

const unequal = (
  start: string,
  { limit, request }: { readonly [_ in Side]: Quantity.Quantity | undefined },
  most: number
) => {
  if (request === undefined || request.nanos === 0n) return [`${start} no request is specified or request is 0`]
  if (limit === undefined || limit.nanos === 0n) return [`${start} no limit is specified or limit is 0`]
  const ratio = millionths(limit, request)
  return ratio > most ? [`${start} provided ratio is ${ratio.toFixed(6)}`] : []
}

const against = (item: LimitRangeItem, requests: Amounts, limits: Amounts): ReadonlyArray<string> => {
  const { maxLimitRequestRatio, max, min, type } = item
  const both = (name: string) => ({ request: requests[name], limit: limits[name] })
  const text = (bound: Quantity.Quantity) => Quantity.format(bound)
  // A claim has no limit.
  const upper: Side = type === "PersistentVolumeClaim" ? "request" : "limit"
  return [
    ...Object.entries(read(min)).flatMap(([name, bound]) => {
      const start = `minimum ${name} usage per ${type} is ${text(bound)}`
      return beyond(start, both(name), "request", (amount) => Quantity.compare(amount, bound) < 0)
    }),
    ...Object.entries(read(max)).flatMap(([name, bound]) => {
      const start = `maximum ${name} usage per ${type} is ${text(bound)}`
      return beyond(start, both(name), upper, (amount) => Quantity.compare(amount, bound) > 0)
    }),
    ...Object.entries(read(maxLimitRequestRatio)).flatMap(([name, bound]) => {
      const start = `${name} max limit to request ratio per ${type} is ${text(bound)}, but`
      return unequal(start, both(name), millionths(bound, Quantity.fromValue(1)))
    })
  ]
}

/** What is wrong with a Pod. */
export const ofPodWrong = ({ spec }: Pod, { spec: { limits } }: LimitRange): ReadonlyArray<string> =>
  limits.flatMap((item) => {
    switch (item.type) {
      case "Container":
        return [...spec.containers, ...(spec.initContainers ?? [])].flatMap(({ resources }) =>
          against(item, read(resources.requests), read(resources.limits))
        )
      case "Pod":
        return against(item, ofPod(spec, "requests"), ofPod(spec, "limits"))
      default:
        return []
    }
  })

export const ofClaimWrong = ({ spec }: PersistentVolumeClaim, { spec: { limits } }: LimitRange): ReadonlyArray<string> =>
  limits
    .filter(({ type }) => type === "PersistentVolumeClaim")
    .flatMap((item) => against(item, read(spec.resources.requests), {}))
