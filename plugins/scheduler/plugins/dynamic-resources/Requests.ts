/** What claims ask for, and whether a device is what is asked for: selectors, taints, attributes that have to be equal or different. */
import { Result } from "effect"
import * as Devices from "../../../cel/contracts/Devices.ts"
import type {
  DeviceAttribute,
  DeviceClass,
  DeviceConstraint,
  DeviceRequest,
  DeviceSelector,
  DeviceTaint,
  DeviceToleration,
  ResourceClaim
} from "../../../resources/contracts/resource/v1.ts"
import { tolerates } from "../../contracts/Tolerations.ts"
import type { Candidate } from "../../devices/Inventory.ts"

/** One way to satisfy a request: the request itself, or one of those of which the first available is taken. */
export interface Option {
  /** `request` or `request/option`. */
  readonly name: string
  /** Of the request. */
  readonly request: string
  readonly className: string
  readonly isAll: boolean
  readonly count: number
  readonly isAdmin: boolean
  readonly selectors: ReadonlyArray<DeviceSelector>
  readonly tolerations: ReadonlyArray<DeviceToleration> | undefined
  readonly capacity: { readonly [name: string]: string }
}

type Exactly = Omit<NonNullable<DeviceRequest["exactly"]>, "adminAccess">
const optionOf = (request: string, name: string, exactly: Exactly, isAdmin: boolean): Option => ({
  name,
  request,
  className: exactly.deviceClassName,
  isAll: exactly.allocationMode === "All",
  count: exactly.count ?? 1,
  isAdmin,
  selectors: exactly.selectors ?? [],
  tolerations: exactly.tolerations,
  capacity: exactly.capacity?.requests ?? {}
})

export const optionsOf = ({ exactly, firstAvailable = [], name }: DeviceRequest): ReadonlyArray<Option> =>
  exactly === undefined
    ? firstAvailable.map((one) => optionOf(name, `${name}/${one.name}`, one, false))
    : [optionOf(name, name, exactly, exactly.adminAccess === true)]

/** Something that is wrong with a claim or a class: no other device helps. */
export class Mistake {
  readonly message: string
  constructor(message: string) {
    this.message = message
  }
}

const compiled = new Map<string, ReturnType<typeof Devices.compile>>()
const compile = (expression: string) => {
  const known = compiled.get(expression) ?? Devices.compile(expression)
  if (compiled.size > 1000) compiled.clear()
  compiled.set(expression, known)
  return known
}

/** What expressions said of a device: its object never changes. */
const answers = new WeakMap<Candidate["device"], Map<string, Result.Result<boolean, string>>>()
const answer = ({ device, slice }: Candidate, expression: string): Result.Result<boolean, string> => {
  const known = answers.get(device) ?? new Map<string, Result.Result<boolean, string>>()
  answers.set(device, known)
  const before = known.get(expression)
  if (before !== undefined) return before
  const selector = compile(expression)
  const said = Result.isFailure(selector)
    ? Result.fail(`CEL compile error: ${selector.failure.message}`)
    : Result.mapError(
        selector.success.matches({ ...device, driver: slice.spec.driver }),
        (message) => `CEL runtime error: ${message}`
      )
  known.set(expression, said)
  return said
}

const select = (candidate: Candidate, selectors: ReadonlyArray<DeviceSelector>, whose: string): boolean | Mistake => {
  for (const [index, { cel }] of selectors.entries()) {
    if (cel === undefined)
      return new Mistake(`${whose}: selector #${index}: CEL expression empty (unsupported selector type?)`)
    const said = answer(candidate, cel.expression)
    if (Result.isFailure(said)) return new Mistake(`${whose}: selector #${index}: ${said.failure}`)
    if (!said.success) return false
  }
  return true
}

/** By the selectors of the class, and by those of the request. */
export const isWanted = (
  candidate: Candidate,
  { selectors }: Option,
  { metadata, spec }: DeviceClass,
  claim: ResourceClaim
): boolean | Mistake => {
  const byClass = select(candidate, spec.selectors ?? [], `class ${metadata.name}`)
  if (byClass !== true) return byClass
  return select(candidate, selectors, `claim ${claim.metadata.namespace}/${claim.metadata.name}`)
}

const preventing = new Set(["NoSchedule", "NoExecute"])
const bears = (tolerations: Option["tolerations"], taint: DeviceTaint) =>
  tolerations?.some((toleration) => tolerates(toleration, taint)) === true
export const isTainted = ({ device: { taints = [] } }: Candidate, { tolerations }: Option) =>
  taints.some((taint) => preventing.has(taint.effect) && !bears(tolerations, taint))

/** By its full name; in the driver's own domain, also by the name alone. */
export const attributeOf = (
  { device: { attributes = {} }, slice }: Candidate,
  name: string
): DeviceAttribute | undefined => {
  const slash = name.indexOf("/")
  return attributes[name] ?? (name.slice(0, slash) === slice.spec.driver ? attributes[name.slice(slash + 1)] : undefined)
}

const isSame = (a: DeviceAttribute, b: DeviceAttribute): boolean => {
  if (a.string !== undefined) return a.string === b.string
  if (a.int !== undefined) return a.int === b.int
  if (a.bool !== undefined) return a.bool === b.bool
  return a.version !== undefined && a.version === b.version
}

export interface Chosen {
  readonly option: Option
  readonly candidate: Candidate
}

/** Whether a device can be added to those that were chosen for the claim. */
export const isAllowed = (
  constraint: DeviceConstraint,
  { candidate, option }: Chosen,
  others: ReadonlyArray<Chosen>
): boolean => {
  const { distinctAttribute, matchAttribute, requests = [] } = constraint
  const concerns = ({ name, request }: Option) =>
    requests.length === 0 || requests.includes(name) || requests.includes(request)
  if (!concerns(option)) return true
  const name = matchAttribute ?? distinctAttribute ?? ""
  const own = attributeOf(candidate, name)
  if (own === undefined) return false
  return others.every((other) => {
    const theirs = concerns(other.option) ? attributeOf(other.candidate, name) : undefined
    return theirs === undefined || isSame(own, theirs) === (matchAttribute !== undefined)
  })
}
