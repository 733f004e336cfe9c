/** Brings a claim to its volume, or says why it waits. */
import { Effect } from "effect"
import { type Key, keyOf } from "../../../kernel/resource/Kind.ts"
import type { Cache } from "../../../kernel/table/Table.ts"
import { type PersistentVolume, PersistentVolumeClaim, type Pod } from "../../resources/contracts/core/v1.ts"
import type { Record } from "../../resources/contracts/EventRecorder.ts"
import type { StorageClass } from "../../resources/contracts/storage/v1.ts"
import { annotations, best, classOf, hasNoClass, isFor, isMarked, misfit } from "./Matching.ts"
import { annotated, type Writes } from "./Writes.ts"

export interface World {
  readonly writes: Writes
  readonly record: Record
  readonly claims: Cache<PersistentVolumeClaim, "class">
  readonly volumes: Cache<PersistentVolume, "claim" | "class">
  readonly classes: Cache<StorageClass, "default">
  readonly pods: Cache<Pod, "claim">
}

export const pathOf = ({ name, namespace }: Key) => `${namespace}/${name}`

/** In the tree of upstream's code, and nowhere else. */
const isInTree = (provisioner: string) => provisioner.startsWith("kubernetes.io/")

const waiting = (provisioner: string) =>
  `Waiting for a volume to be created either by the external provisioner '${provisioner}' or manually by the system administrator. ` +
  "If volume creation is delayed, please verify that the provisioner is running and correctly registered."

const youngestFirst = (a: StorageClass, b: StorageClass) =>
  a.metadata.creationTimestamp === b.metadata.creationTimestamp
    ? a.metadata.name < b.metadata.name
      ? -1
      : 1
    : a.metadata.creationTimestamp > b.metadata.creationTimestamp
      ? -1
      : 1

export const make = ({ claims, classes, pods, record, volumes, writes }: World) => {
  const { bind, claimStatus, client } = writes
  const tell = (object: PersistentVolumeClaim, type: "Normal" | "Warning", reason: string, message: string) =>
    record({ kind: PersistentVolumeClaim, object, type, reason, message })
  const classNamed = (name: string) => classes.get({ namespace: "", name })

  /** The scheduler has yet to choose a node, and with it a volume. */
  const isDelayed = (claim: PersistentVolumeClaim) =>
    classNamed(classOf(claim))?.volumeBindingMode === "WaitForFirstConsumer" && !isMarked(claim, annotations.selectedNode)

  const consumers = (claim: PersistentVolumeClaim) =>
    pods.by("claim", pathOf(keyOf(claim))).filter(({ spec }) => !spec.nodeName)

  const tellDelay = (claim: PersistentVolumeClaim) => {
    const names = consumers(claim).map(({ metadata }) => metadata.name)
    if (names.length === 0) {
      return tell(claim, "Normal", "WaitForFirstConsumer", "waiting for first consumer to be created before binding")
    }
    const which = names.length === 1 ? `pod ${names[0]}` : `pods ${names.join(",")}`
    return tell(claim, "Normal", "WaitForPodScheduled", `waiting for ${which} to be scheduled`)
  }

  /** Somebody else makes the volume: the provisioner of the class, who is named on the claim. */
  const provision = Effect.fnUntraced(function* (claim: PersistentVolumeClaim) {
    const name = classOf(claim)
    const found = classNamed(name)
    if (found === undefined) {
      yield* tell(claim, "Warning", "ProvisioningFailed", `storageclass.storage.k8s.io ${JSON.stringify(name)} not found`)
      return claim
    }
    const { provisioner } = found
    if (isInTree(provisioner)) {
      yield* tell(claim, "Warning", "ProvisioningFailed", `no volume plugin matched name: ${provisioner}`)
      return claim
    }
    const named = { [annotations.betaProvisioner]: provisioner, [annotations.provisioner]: provisioner }
    const isNamed = Object.keys(named).every((key) => claim.metadata.annotations?.[key] === provisioner)
    const after = isNamed ? claim : yield* client.update(PersistentVolumeClaim, annotated(claim, named))
    yield* tell(after, "Normal", "ExternalProvisioning", waiting(provisioner))
    return after
  })

  /** No volume fits. */
  const wait = Effect.fnUntraced(function* (claim: PersistentVolumeClaim) {
    let after = claim
    if (isDelayed(claim)) yield* tellDelay(claim)
    else if (classOf(claim) !== "") after = yield* provision(claim)
    else {
      const why = "no persistent volumes available for this claim and no storage class is set"
      yield* tell(claim, "Normal", "FailedBinding", why)
    }
    yield* claimStatus(after, "Pending")
  })

  const choose = Effect.fnUntraced(function* (claim: PersistentVolumeClaim) {
    const kept = volumes.by("claim", pathOf(keyOf(claim)))
    const free = isDelayed(claim) ? [] : volumes.by("class", classOf(claim))
    const found = best(claim, kept, free)
    yield* found === undefined ? wait(claim) : bind(found, claim)
  })

  /** It names a volume that is not its own yet. */
  const ask = Effect.fnUntraced(function* (claim: PersistentVolumeClaim, name: string) {
    const volume = volumes.get({ namespace: "", name })
    if (volume === undefined) return yield* claimStatus(claim, "Pending")
    if (volume.spec.claimRef === undefined) {
      const why = misfit(volume, claim)
      if (why === undefined) return yield* bind(volume, claim)
      yield* tell(claim, "Warning", "VolumeMismatch", `Cannot bind to requested volume ${JSON.stringify(name)}: ${why}`)
      return yield* claimStatus(claim, "Pending")
    }
    if (isFor(volume, claim)) return yield* bind(volume, claim)
    yield* tell(claim, "Warning", "FailedBinding", `volume ${JSON.stringify(name)} already bound to a different claim.`)
    yield* claimStatus(claim, "Pending")
  })

  const lose = Effect.fnUntraced(function* (claim: PersistentVolumeClaim, reason: string, message: string) {
    if (claim.status?.phase !== "Lost") yield* tell(claim, "Warning", reason, message)
    yield* claimStatus(claim, "Lost")
  })

  const keep = (claim: PersistentVolumeClaim) => {
    const { volumeName = "" } = claim.spec
    if (volumeName === "") {
      return lose(claim, "ClaimLost", "Bound claim has lost reference to PersistentVolume. Data on the volume is lost!")
    }
    const volume = volumes.get({ namespace: "", name: volumeName })
    if (volume === undefined) {
      return lose(claim, "ClaimLost", "Bound claim has lost its PersistentVolume. Data on the volume is lost!")
    }
    const { claimRef } = volume.spec
    if (claimRef === undefined || claimRef.uid === claim.metadata.uid) return bind(volume, claim)
    return lose(claim, "ClaimMisbound", "Two claims are bound to the same volume, this one is bound incorrectly")
  }

  /** A class that has become the default since the claim was made. */
  const classed = (claim: PersistentVolumeClaim) => {
    const [found] = classes.by("default", "").toSorted(youngestFirst)
    if (!hasNoClass(claim) || found === undefined) return Effect.succeed(claim)
    return client.update(PersistentVolumeClaim, { ...claim, spec: { ...claim.spec, storageClassName: found.metadata.name } })
  }

  return Effect.fn("PersistentVolumeClaim.reconcile")(function* (key: Key) {
    const found = claims.get(key)
    if (found === undefined) return
    if (isMarked(found, annotations.completed)) return yield* keep(found)
    const claim = yield* classed(found)
    const { volumeName = "" } = claim.spec
    return yield* volumeName === "" ? choose(claim) : ask(claim, volumeName)
  })
}
