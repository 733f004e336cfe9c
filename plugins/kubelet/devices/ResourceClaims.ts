/**
 * What the Pods of this node have claimed is got ready before their first container, and taken back when the last Pod that has it is over.
 * The messages are those of upstream's kubelet.
 */
import { Effect, Option, Schema } from "effect"
import type { Client } from "../../../kernel/client/Client.ts"
import type { Container, Pod } from "../../resources/contracts/core/v1.ts"
import { ResourceClaim } from "../../resources/contracts/resource/v1.ts"
import type { Answer, Claim, ClaimDriver, Prepared } from "../contracts/ClaimDriver.ts"
import type { ClaimDrivers } from "./ClaimDrivers.ts"
import * as PreparedClaims from "./PreparedClaims.ts"

export interface Options {
  readonly client: Client["Service"]
  readonly drivers: ClaimDrivers
  /** Where it stands what is ready. */
  readonly file: string
}

export class ClaimsUnready extends Schema.TaggedError<ClaimsUnready>()("ClaimsUnready", { message: Schema.String }) {}
const unready = (message: string) => Effect.fail(new ClaimsUnready({ message }))

interface Named {
  /** As the Pod's containers call it; what came of extended resources they do not. */
  readonly ref: string | undefined
  readonly name: string
  readonly isGenerated: boolean
}

/** Of each of a Pod's claims its object, if there is one. */
const namesOf = ({ spec, status }: Pod): ReadonlyArray<Named> => {
  const named = (spec.resourceClaims ?? []).flatMap(({ name: ref, resourceClaimName }): ReadonlyArray<Named> => {
    if (resourceClaimName !== undefined) return [{ ref, name: resourceClaimName, isGenerated: false }]
    const made = status.resourceClaimStatuses?.find(({ name }) => name === ref)?.resourceClaimName
    return made === undefined ? [] : [{ ref, name: made, isGenerated: true }]
  })
  const extended = status.extendedResourceClaimStatus?.resourceClaimName
  return extended === undefined ? named : [...named, { ref: undefined, name: extended, isGenerated: false }]
}

/** Of which nobody has said yet which object it is, or that it is none. */
const isUnmade = ({ spec, status }: Pod) =>
  spec.resourceClaims?.some(
    ({ name, resourceClaimName }) =>
      resourceClaimName === undefined && !status.resourceClaimStatuses?.some((made) => made.name === name)
  ) ?? false

const isOf = ({ metadata }: ResourceClaim, pod: Pod) =>
  metadata.ownerReferences?.some(({ controller, uid }) => controller === true && uid === pod.metadata.uid) ?? false

/** The claims' names, as Pods know them, and the requests of each that a container has; an empty one stands for all. */
const requestsOf = (names: ReadonlyArray<Named>, { status }: Pod, { name, resources }: Container) => {
  const claims = resources.claims ?? []
  const mappings = status.extendedResourceClaimStatus?.requestMappings.filter((one) => one.containerName === name) ?? []
  return names.map((named) => ({
    claim: named.name,
    requests:
      named.ref === undefined
        ? mappings.map(({ requestName }) => requestName)
        : claims.filter((one) => one.name === named.ref).map(({ request = "" }) => request)
  }))
}

const isFor = ({ requests }: Prepared, asked: string) => asked === "" || requests.length === 0 || requests.includes(asked)

/** What each said of its claims, or the first thing that went wrong. */
const answersOf = Effect.fnUntraced(function* (
  call: "NodePrepareResources" | "NodeUnprepareResources",
  claims: ReadonlyArray<Claim>,
  answers: ReadonlyMap<string, Answer>
) {
  for (const [uid, answer] of answers) {
    const claim = claims.find((one) => one.uid === uid)
    if (claim === undefined) return yield* unready(`${call} returned result for unknown claim UID ${uid}`)
    if ("error" in answer) return yield* unready(`${call} failed for ResourceClaim ${claim.name}: ${answer.error}`)
  }
  const skipped = claims.length - answers.size
  if (skipped > 0) return yield* unready(`${call} skipped ${skipped} ResourceClaims`)
  return answers
})

export const make = ({ client, drivers, file }: Options) => {
  const kept = PreparedClaims.open(file)

  /** As the API has it: allocated, and reserved for this Pod. */
  const claimOf = Effect.fnUntraced(function* (pod: Pod, { isGenerated, name }: Named) {
    const { name: podName, namespace = "", uid } = pod.metadata
    const found = yield* Effect.mapError(
      client.find(ResourceClaim, { namespace, name }),
      (error) => new ClaimsUnready({ message: `fetch ResourceClaim ${name}: ${error.message}` })
    )
    if (Option.isNone(found)) {
      return yield* unready(`fetch ResourceClaim ${name}: resourceclaims.resource.k8s.io "${name}" not found`)
    }
    const { metadata, status } = found.value
    if (isGenerated && !isOf(found.value, pod)) {
      return yield* unready(
        `ResourceClaim ${namespace}/${name} was not created for Pod ${namespace}/${podName} (Pod is not owner)`
      )
    }
    if (!status.reservedFor?.some((one) => one.uid === uid)) {
      return yield* unready(`pod ${podName} (${uid}) is not allowed to use ResourceClaim ${name} (${metadata.uid})`)
    }
    if (status.allocation === undefined) return yield* unready(`ResourceClaim ${name}: not allocated`)
    const before = kept.get(namespace, name)
    if (before !== undefined && before.uid !== metadata.uid) {
      return yield* unready(
        `old ResourceClaim with same name ${name} and different UID ${before.uid} still exists (previous pod force-deleted?!)`
      )
    }
    const named = new Set((status.allocation.devices.results ?? []).map(({ driver }) => driver))
    const entry = before ?? {
      ...{ namespace, name, uid: metadata.uid, pods: [], isPrepared: false },
      drivers: Object.fromEntries([...named].map((driver) => [driver, []]))
    }
    return { ...entry, pods: [...new Set([...entry.pods, uid])] }
  })

  /** Each driver once, for all claims that it has part in. */
  const byDriver = (entries: ReadonlyArray<PreparedClaims.Entry>) => {
    const all = new Map<string, Array<PreparedClaims.Entry>>()
    for (const entry of entries) {
      for (const driver of Object.keys(entry.drivers)) all.set(driver, [...(all.get(driver) ?? []), entry])
    }
    return all
  }
  const about = ({ name, namespace, uid }: PreparedClaims.Entry): Claim => ({ namespace, name, uid })

  const prepareBy = Effect.fnUntraced(function* (driver: ClaimDriver, entries: ReadonlyArray<PreparedClaims.Entry>) {
    const claims = entries.map(about)
    const said = yield* Effect.mapError(
      driver.prepare(claims),
      ({ message }) => new ClaimsUnready({ message: `NodePrepareResources: ${message}` })
    )
    const answers = yield* answersOf("NodePrepareResources", claims, said)
    for (const { name, namespace, uid } of claims) {
      const [answer, now] = [answers.get(uid), kept.get(namespace, name)]
      if (answer === undefined || "error" in answer || now === undefined) continue
      kept.put({ ...now, drivers: { ...now.drivers, [driver.name]: answer.devices } })
    }
  })

  /** Nothing is noted before all of it could be done: a Pod that cannot be prepared can always go. */
  const prepare = Effect.fn("ResourceClaims.prepare")(function* (pod: Pod) {
    const { name: podName, namespace } = pod.metadata
    if (isUnmade(pod)) return yield* unready(`pod "${namespace}/${podName}": ResourceClaim not created yet`)
    const names = namesOf(pod)
    if (names.length === 0) return
    const entries = yield* Effect.forEach(names, (named) => claimOf(pod, named))
    const found = new Map<string, ClaimDriver>()
    for (const name of byDriver(entries).keys()) {
      found.set(name, yield* Effect.mapError(drivers.get(name), ({ message }) => new ClaimsUnready({ message })))
    }
    kept.put(...entries)
    const open = entries.filter(({ isPrepared }) => !isPrepared)
    for (const [name, theirs] of byDriver(open)) {
      const driver = found.get(name)
      if (driver !== undefined) yield* prepareBy(driver, theirs)
    }
    const ready = open.flatMap(({ name, namespace }) => kept.get(namespace, name) ?? [])
    kept.put(...ready.map((entry) => ({ ...entry, isPrepared: true })))
  })

  const unprepareBy = Effect.fnUntraced(function* (name: string, entries: ReadonlyArray<PreparedClaims.Entry>) {
    const driver = yield* drivers.get(name)
    const claims = entries.map(about)
    const said = yield* Effect.mapError(
      driver.unprepare(claims),
      ({ message }) => new ClaimsUnready({ message: `NodeUnprepareResources: ${message}` })
    )
    yield* answersOf("NodeUnprepareResources", claims, said)
  })

  /** What no other Pod has is taken back. It can be done again until it has been. */
  const unprepare = Effect.fn("ResourceClaims.unprepare")(function* (uid: string) {
    const own = kept.ofPod(uid)
    const [last, shared] = [own.filter(({ pods }) => pods.length === 1), own.filter(({ pods }) => pods.length > 1)]
    kept.put(...shared.map((entry) => ({ ...entry, pods: entry.pods.filter((one) => one !== uid) })))
    for (const [name, entries] of byDriver(last)) yield* unprepareBy(name, entries)
    kept.remove(...last)
  })

  /** What of a container's claims is ready. */
  const of = (pod: Pod, container: Container) => {
    const { namespace = "" } = pod.metadata
    return requestsOf(namesOf(pod), pod, container).flatMap(({ claim, requests }) => {
      const entry = kept.get(namespace, claim)
      if (entry === undefined || requests.length === 0) return []
      const devices = Object.entries(entry.drivers).flatMap(([driver, all]) =>
        all.filter((one) => requests.some((asked) => isFor(one, asked))).map((one) => ({ driver, ...one }))
      )
      return [{ claim, namespace, devices }]
    })
  }

  /** What the runtime is told of them. */
  const cdiDevices = Effect.fnUntraced(function* (pod: Pod, container: Container) {
    const wanted = requestsOf(namesOf(pod), pod, container).filter(({ requests }) => requests.length > 0)
    const found = of(pod, container)
    const missing = wanted.find(({ claim }) => !found.some((one) => one.claim === claim))
    if (missing !== undefined) {
      const { namespace } = pod.metadata
      return yield* unready(
        `internal error: unable to get claim info for ResourceClaim ${missing.claim} in namespace ${namespace}`
      )
    }
    return [...new Set(found.flatMap(({ devices }) => devices.flatMap((device) => device.cdiDevices)))]
  })

  return {
    prepare,
    unprepare,
    of,
    cdiDevices,
    /** Pods that have claims here. */
    holders: kept.pods
  }
}
export type ResourceClaims = ReturnType<typeof make>
