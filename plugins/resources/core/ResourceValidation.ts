/** What is wrong with the amounts that a container, or a whole Pod, asks for and is limited to. */
import * as Causes from "../../../kernel/resource/Causes.ts"
import * as Names from "../../../kernel/resource/Names.ts"
import * as Quantity from "../../../kernel/resource/Quantity.ts"
import { each, enumerated, oneOf, when } from "../../../kernel/resource/Rules.ts"
import type { Container, EphemeralContainer, PodSpec, ResourceRequirements } from "../contracts/core/v1.ts"

type Amounts = { readonly [name: string]: string }

const isHugePages = (name: string) => name.startsWith("hugepages-")
export const isStandard = (name: string) =>
  name === "cpu" || name === "memory" || name === "ephemeral-storage" || isHugePages(name)
/** Of what only whole pieces are given away, nobody may be promised more than there is. */
const isDivisible = (name: string) => (!name.includes("/") || name.includes("kubernetes.io/")) && !isHugePages(name)
const isExtended = (name: string) => !name.startsWith("requests.") && Names.labelKey(`requests.${name}`).length === 0

const unit = 1_000_000_000n
const isWhole = (amount: string) => Quantity.of(amount).nanos % unit === 0n

/** An amount of anything, under `field`. */
export const validateQuantity = (text: string, field: string): Causes.Causes =>
  when(Quantity.of(text).nanos < 0n, () => Causes.invalid(field, text, "must be greater than or equal to 0"))

/** What all resources are called, anywhere. */
export const validateName = (name: string, field: string, isKnown: (name: string) => boolean): Causes.Causes => {
  const wrong = Causes.broken(field, name, Names.labelKey(name))
  if (wrong.length > 0 || name.includes("/") || isKnown(name)) return wrong
  return [Causes.invalid(field, name, "must be a standard resource type or fully qualified")]
}

const others = [
  ...["storage", "requests.storage", "requests.cpu", "requests.memory", "requests.ephemeral-storage"],
  ...["limits.cpu", "limits.memory", "limits.ephemeral-storage", "pods", "resourcequotas", "services"],
  ...["replicationcontrollers", "secrets", "configmaps", "persistentvolumeclaims", "services.nodeports"],
  "services.loadbalancers"
]
export const isStandardAnywhere = (name: string) =>
  isStandard(name) || name.startsWith("requests.hugepages-") || others.includes(name)

export const ofContainer = (name: string, field: string): Causes.Causes => [
  ...validateName(name, field, isStandardAnywhere),
  ...when(!name.includes("/") && !isStandard(name), () =>
    Causes.invalid(field, name, "must be a standard resource for containers")
  ),
  ...when(name.includes("/") && !name.includes("kubernetes.io/") && !isExtended(name), () =>
    Causes.invalid(field, name, "doesn't follow extended resource name standard")
  )
]

const ofPod = (name: string, field: string): Causes.Causes => {
  const wrong = validateName(name, field, isStandardAnywhere)
  if (wrong.length > 0) return wrong
  return isHugePages(name) ? [] : enumerated(field, name, ["cpu", "memory"])
}

type Naming = (name: string, field: string) => Causes.Causes

const hugePageSize = (name: string) => Quantity.parse(name.slice("hugepages-".length))

const validateAmounts = (amounts: Amounts, field: string, named: Naming): Causes.Causes =>
  Object.entries(amounts).flatMap(([name, amount]) => {
    const at = `${field}[${name}]`
    return [
      ...named(name, at),
      ...validateQuantity(amount, at),
      ...when(!isDivisible(name) && !isWhole(amount), () => Causes.invalid(at, amount, "must be an integer")),
      ...(isHugePages(name) ? validatePages(name, amount, at) : [])
    ]
  })

const validatePages = (name: string, amount: string, field: string): Causes.Causes => {
  const size = hugePageSize(name)
  const pages = Quantity.of(amount).nanos
  const isMultiple = size._tag === "Success" && size.success.nanos > 0n && pages % size.success.nanos === 0n
  return when(!isMultiple, () => Causes.invalid(field, amount, `${amount} is not positive integer multiple of ${name}`))
}

const validateRequests = ({ limits = {}, requests = {} }: ResourceRequirements, field: string): Causes.Causes =>
  Object.entries(requests).flatMap(([name, request]) => {
    const limit = limits[name]
    if (limit === undefined)
      return when(!isDivisible(name), () =>
        Causes.required(`${field}.limits`, "Limit must be set for non overcommitable resources")
      )
    const order = Quantity.compare(Quantity.of(request), Quantity.of(limit))
    const words = isDivisible(name) ? "less than or equal" : "equal"
    return when(order > 0 || (order !== 0 && !isDivisible(name)), () =>
      Causes.invalid(`${field}.requests`, request, `must be ${words} to ${name} limit of ${limit}`)
    )
  })

const validateClaims = ({ claims = [] }: ResourceRequirements, field: string, known: ReadonlySet<string>) =>
  each(claims, `${field}.claims`, ({ name, request = "" }, at, index): Causes.Causes => {
    if (name === "") return [Causes.required(at)]
    const before = claims.slice(0, index).filter((other) => other.name === name)
    const isAgain = before.some((other) => !other.request || request === "" || other.request === request)
    const words = known.size === 0 ? " which is empty" : `: ${[...known].toSorted().join(", ")}`
    return [
      ...(request === "" ? [] : Causes.broken(`${at}.request`, request, Names.dns1123Label(request))),
      ...when(isAgain, () => Causes.duplicate(at, request === "" ? name : `${name}/${request}`)),
      ...when(!known.has(name), () => {
        const cause = Causes.notFound(at, name)
        return { ...cause, detail: `${cause.detail}: must be one of the names in pod.spec.resourceClaims${words}` }
      })
    ]
  })

const validate = (given: ResourceRequirements, field: string, claims: ReadonlySet<string>, named: Naming): Causes.Causes => {
  const names = [...Object.keys(given.limits ?? {}), ...Object.keys(given.requests ?? {})]
  const needsMore = names.some(isHugePages) && !names.includes("cpu") && !names.includes("memory")
  return [
    ...validateAmounts(given.limits ?? {}, `${field}.limits`, named),
    ...validateAmounts(given.requests ?? {}, `${field}.requests`, named),
    ...validateRequests(given, field),
    ...when(needsMore, () => Causes.forbidden(field, "HugePages require cpu or memory")),
    ...validateClaims(given, field, claims)
  ]
}

const noClaims: ReadonlySet<string> = new Set()

export const validateResources = (given: ResourceRequirements, field: string, claims = noClaims): Causes.Causes =>
  validate(given, field, claims, ofContainer)

/** What goes with the Pod itself. Only limits are said of it. */
export const validateOverhead = (amounts: Amounts, field: string): Causes.Causes =>
  validateAmounts(amounts, `${field}.limits`, ofContainer)

/** What all containers of a Pod have together. */
export const validatePodResources = ({ containers, resources }: PodSpec, field: string): Causes.Causes => {
  if (resources === undefined) return []
  const sum = (name: string, of: (container: Container) => Amounts | undefined) =>
    containers.reduce((total, container) => Quantity.add(total, Quantity.of(of(container)?.[name])), Quantity.zero)
  return [
    ...when((resources.claims ?? []).length > 0, () =>
      Causes.forbidden(`${field}.claims`, "claims may not be set for Resources at pod-level")
    ),
    ...validate(resources, field, noClaims, ofPod),
    ...Object.entries(resources.requests ?? {}).flatMap(([name, request]) => {
      const all = sum(name, ({ resources: own }) => own.requests)
      return when(Quantity.compare(Quantity.of(request), all) < 0, () =>
        Causes.invalid(
          `${field}.requests[${name}]`,
          request,
          `must be greater than or equal to aggregate container requests of ${Quantity.format(all)}`
        )
      )
    }),
    ...Object.entries(resources.limits ?? {}).flatMap(([name, limit]) =>
      containers.flatMap(({ resources: own }, index) => {
        const ofOne = own.limits?.[name]
        return when(ofOne !== undefined && Quantity.compare(Quantity.of(ofOne), Quantity.of(limit)) > 0, () =>
          Causes.invalid(
            `spec.containers[${index}].resources.limits[${name}]`,
            ofOne,
            `must be less than or equal to pod limits of ${limit}`
          )
        )
      })
    )
  ]
}

/** Upstream names the list, and not the item, where an item is wrong. */
export const validateResizePolicy = (
  { resizePolicy = [] }: Container | EphemeralContainer,
  field: string,
  podRestartPolicy: string
): Causes.Causes =>
  each(resizePolicy, field, ({ resourceName, restartPolicy }, at, index) => [
    ...when(resizePolicy.findIndex((other) => other.resourceName === resourceName) < index, () =>
      Causes.duplicate(at, resourceName)
    ),
    ...oneOf(field, resourceName, ["cpu", "memory"]),
    ...oneOf(field, restartPolicy, ["NotRequired", "RestartContainer"]),
    ...when(podRestartPolicy === "Never" && restartPolicy !== "NotRequired", () =>
      Causes.invalid(field, restartPolicy, "must be 'NotRequired' when pod `restartPolicy` is 'Never'")
    )
  ])
