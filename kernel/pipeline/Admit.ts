/** Admission of one write: what plugins are told of it, the rounds of those that change it, and those that may refuse it. */
import { Effect } from "effect"
import type { DeleteOptions, WireObject } from "../client/Api.ts"
import type { ApiError } from "../client/Errors.ts"
import type { Unavailable } from "../plugin/Contract.ts"
import * as AdmissionTimes from "./AdmissionTimes.ts"
import { attributesOf } from "./Authorize.ts"
import type { Environment } from "./Environment.ts"
import type { At, WriteOptions } from "./Pipeline.ts"
import { type Admitted, type Operation, Round } from "./Policy.ts"

/** A write as its admission sees it, apart from the objects. */
export interface Asking {
  readonly at: At
  readonly operation: Operation
  readonly options?: WireObject
  readonly dryRun: boolean
  /** Grows with what plugins have to say to the writer. */
  readonly warnings: Array<string>
}

const verbs = { CREATE: "create", UPDATE: "update", DELETE: "delete", CONNECT: "connect" } as const

const dry = { dryRun: ["All"] }

/** A patch is told as the update, or the creation, that it comes to. */
export const writing = (at: At, operation: "CREATE" | "UPDATE", options: WriteOptions): Asking => {
  const { dryRun = false, fieldManager, fieldValidation, heard = [], isProgram = false } = options
  const wire = {
    kind: operation === "CREATE" ? "CreateOptions" : "UpdateOptions",
    apiVersion: "meta.k8s.io/v1",
    ...(dryRun && dry),
    ...(fieldManager !== undefined && !isProgram && { fieldManager }),
    ...(fieldValidation !== undefined && { fieldValidation })
  }
  return { at, operation, options: wire, dryRun, warnings: heard }
}

/** Nobody is told the same twice, also if a write starts over. */
export const warn = ({ warnings }: Asking, more: ReadonlyArray<string> = []) => {
  for (const one of more) if (!warnings.includes(one)) warnings.push(one)
}

export const deleting = (at: At, { dryRun = false, resourceVersion, uid, ...options }: DeleteOptions): Asking => {
  const preconditions = { ...(uid !== undefined && { uid }), ...(resourceVersion !== undefined && { resourceVersion }) }
  const wire = {
    kind: "DeleteOptions",
    apiVersion: "meta.k8s.io/v1",
    ...options,
    ...(Object.keys(preconditions).length > 0 && { preconditions }),
    ...(dryRun && dry)
  }
  return { at, operation: "DELETE", options: wire, dryRun, warnings: [] }
}

export const connecting = (at: At): Asking => ({ at, operation: "CONNECT", dryRun: false, warnings: [] })

interface Objects {
  readonly object?: WireObject
  readonly old?: WireObject
}

/** What a client posts to an action has not been looked at. */
const nameIn = ({ object, old }: Objects): string => {
  const name: unknown = Object((object ?? old)?.["metadata"])["name"]
  return typeof name === "string" ? name : ""
}

const requestOf = (asking: Asking, round: Round, objects: Objects): Admitted => {
  const { at, dryRun, operation, options, warnings } = asking
  const name = at.name === "" ? nameIn(objects) : at.name
  return {
    attributes: attributesOf(name === at.name ? at : { ...at, name }, verbs[operation]),
    kind: at.served.kind,
    version: at.version,
    operation,
    ...(options === undefined ? {} : { options }),
    ...objects,
    dryRun,
    round,
    warn: (text) => {
      if (!warnings.includes(text)) warnings.push(text)
    }
  }
}

type Answer<A> = Effect.Effect<A, ApiError | Unavailable>

type Admissions = Pick<Environment, "admissions">

const changed = Effect.fnUntraced(function* (
  { admissions }: Admissions,
  asking: Asking,
  objects: Objects
): Effect.fn.Return<WireObject | undefined, ApiError | Unavailable> {
  const round = new Round()
  let request = requestOf(asking, round, objects)
  do {
    for (const { mutate, name } of admissions.all()) {
      if (mutate === undefined) continue
      const object = yield* AdmissionTimes.plugin(name, "admit", asking.operation, mutate(request))
      if (object !== undefined && object !== request.object) request = { ...request, object }
    }
  } while (round.next())
  return request.object
})

/** The object as the plugins want it: the same one if none has changed it. */
export const mutate = (environment: Admissions, asking: Asking, objects: Objects): Answer<WireObject | undefined> =>
  AdmissionTimes.step("admit", asking.operation, changed(environment, asking, objects))

/** Without rounds: what is taken is taken. */
export const allocate = Effect.fnUntraced(function* (
  { admissions }: Admissions,
  asking: Asking,
  objects: Objects
): Effect.fn.Return<WireObject | undefined, ApiError | Unavailable> {
  let request = requestOf(asking, new Round(), objects)
  for (const { allocate } of admissions.all()) {
    const changed = allocate === undefined ? undefined : yield* allocate(request)
    if (changed !== undefined) request = { ...request, object: changed }
  }
  return request.object
})

const checked = Effect.fnUntraced(function* (
  { admissions }: Admissions,
  asking: Asking,
  objects: Objects
): Effect.fn.Return<void, ApiError | Unavailable> {
  const request = requestOf(asking, new Round(), objects)
  for (const { name, validate } of admissions.all()) {
    if (validate !== undefined) yield* AdmissionTimes.plugin(name, "validate", asking.operation, validate(request))
  }
})

export const validate = (environment: Admissions, asking: Asking, objects: Objects): Answer<void> =>
  AdmissionTimes.step("validate", asking.operation, checked(environment, asking, objects))
