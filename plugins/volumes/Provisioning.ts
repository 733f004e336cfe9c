/**
 * Makes the volumes of claims: on the node that the scheduler has chosen for their first Pod, or on the node that takes a claim first
 * where its class does not wait. Written again after a kill, each step is found done.
 */
import { Effect, Option } from "effect"
import { apiVersion, type Key } from "../../kernel/resource/Kind.ts"
import * as Controllers from "../controllers/contracts/Controllers.ts"
import { PersistentVolume, PersistentVolumeClaim, type PersistentVolumeDraft } from "../resources/contracts/core/v1.ts"
import type { StorageClass } from "../resources/contracts/storage/v1.ts"
import type { Driver } from "./contracts/Drivers.ts"
import { VolumeRefused, type Volume } from "./contracts/Volumes.ts"
import { accessOf, annotation, annotations, bytesOf, finalizer, quantityOf, wordsOf, type World } from "./World.ts"

const reserved = "csi.storage.k8s.io/"
const fsTypes = [`${reserved}fstype`, "fstype"]

const isReserved = (name: string) => name.startsWith(reserved) || name === "fstype"

/** What a class says to the driver, and what it says to whoever calls the driver. */
const split = ({ parameters = {} }: StorageClass) => {
  const entries = Object.entries(parameters)
  return {
    parameters: Object.fromEntries(entries.filter(([name]) => !isReserved(name))),
    fsType: fsTypes.map((name) => parameters[name]).find((value) => value !== undefined),
    secret: entries.find(([name]) => name.startsWith(reserved) && name.includes("secret"))?.[0]
  }
}

/** Nodes of any of its topologies. */
const affinity = ({ topologies }: Volume) =>
  topologies.length === 0
    ? {}
    : {
        nodeAffinity: {
          required: {
            nodeSelectorTerms: topologies.map((segments) => ({
              matchExpressions: Object.entries(segments).map(([key, value]) => ({ key, operator: "In", values: [value] }))
            }))
          }
        }
      }

const nameOf = (claim: PersistentVolumeClaim) => `pvc-${claim.metadata.uid}`

const draft = (
  claim: PersistentVolumeClaim,
  found: StorageClass,
  { about: { driver } }: Driver,
  volume: Volume
): PersistentVolumeDraft => {
  const { name, namespace = "", resourceVersion, uid } = claim.metadata
  const { kind, versions } = PersistentVolumeClaim
  const { fsType } = split(found)
  const attributes = Object.keys(volume.context).length > 0 && { volumeAttributes: volume.context }
  return {
    metadata: {
      name: nameOf(claim),
      annotations: { [annotations.provisionedBy]: driver },
      finalizers: [finalizer]
    },
    spec: {
      capacity: { storage: quantityOf(volume.bytes) },
      accessModes: claim.spec.accessModes ?? [],
      persistentVolumeReclaimPolicy: found.reclaimPolicy,
      storageClassName: found.metadata.name,
      volumeMode: claim.spec.volumeMode,
      ...(found.mountOptions && { mountOptions: found.mountOptions }),
      csi: { driver, volumeHandle: volume.id, ...(fsType && { fsType }), ...attributes },
      claimRef: { kind, apiVersion: apiVersion(versions[0]), namespace, name, uid, resourceVersion },
      ...affinity(volume)
    }
  }
}

const withSelected = (claim: PersistentVolumeClaim, node: string | undefined): PersistentVolumeClaim => {
  const { [annotations.selectedNode]: _, ...others } = claim.metadata.annotations ?? {}
  const after = node === undefined ? others : { ...others, [annotations.selectedNode]: node }
  return { ...claim, metadata: { ...claim.metadata, annotations: after } }
}

export const run = Effect.fnUntraced(function* (world: World) {
  const { arrivals, claims, classes, client, controller, nodeName, record, volumes } = world
  const tell = (object: PersistentVolumeClaim, type: "Normal" | "Warning", reason: string, message: string) =>
    record({ kind: PersistentVolumeClaim, object, type, reason, message })

  const make = Effect.fnUntraced(function* (claim: PersistentVolumeClaim, found: StorageClass, driver: Driver) {
    const { fsType, parameters, secret } = split(found)
    if (secret !== undefined) {
      const message = `the class names a secret (${secret}), which this node may not read: run the driver's external-provisioner`
      return yield* new VolumeRefused({ code: "FAILED_PRECONDITION", message, isFinal: true })
    }
    const bytes = bytesOf(claim.spec.resources.requests)
    const limit = bytesOf(claim.spec.resources.limits)
    const { topology } = driver.about.node
    return yield* driver.volumes.provision({
      name: nameOf(claim),
      bytes,
      ...(limit > 0 && { maximumBytes: limit }),
      access: accessOf(claim.spec, fsType, found.mountOptions),
      parameters,
      within: Object.keys(topology).length === 0 ? [] : [topology]
    })
  })

  /** Another node may have room. */
  const giveBack = (claim: PersistentVolumeClaim) => client.update(PersistentVolumeClaim, withSelected(claim, undefined))

  const provision = Effect.fn("Volumes.provision")(function* (
    claim: PersistentVolumeClaim,
    found: StorageClass,
    driver: Driver
  ) {
    const { name, namespace } = claim.metadata
    const whole = `${namespace}/${name}`
    yield* tell(claim, "Normal", "Provisioning", `External provisioner is provisioning volume for claim "${whole}"`)
    const volume = yield* make(claim, found, driver).pipe(
      Effect.tapError((failure) => {
        const message = `failed to provision volume with StorageClass "${found.metadata.name}": ${wordsOf(failure)}`
        const told = tell(claim, "Warning", "ProvisioningFailed", message)
        return failure._tag === "NoRoom" ? Effect.andThen(told, giveBack(claim)) : told
      })
    )
    yield* client
      .create(PersistentVolume, draft(claim, found, driver, volume))
      .pipe(Effect.catchTag("AlreadyExists", () => Effect.void))
    yield* tell(claim, "Normal", "ProvisioningSucceeded", `Successfully provisioned volume ${nameOf(claim)}`)
  })

  /** The class, if it is this node that makes the claim's volume. */
  const taken = Effect.fnUntraced(function* (claim: PersistentVolumeClaim) {
    const found = classes.get({ namespace: "", name: claim.spec.storageClassName ?? "" })
    const selected = annotation(claim, annotations.selectedNode)
    if (found === undefined || (selected !== undefined && selected !== nodeName)) return undefined
    if (selected !== undefined) return found
    if (found.volumeBindingMode === "WaitForFirstConsumer") return undefined
    // Of all nodes that try, one succeeds; for the others the claim has changed.
    const written = yield* Effect.option(client.update(PersistentVolumeClaim, withSelected(claim, nodeName)))
    return Option.isSome(written) ? found : undefined
  })

  const reconcile = Effect.fn("Volumes.reconcileClaim")(function* (key: Key) {
    const claim = claims.get(key)
    if (claim === undefined || claim.spec.volumeName || claim.metadata.deletionTimestamp !== undefined) return
    const driver = controller(annotation(claim, annotations.provisioner))
    if (driver === undefined || !driver.about.can.provision) return
    if (volumes.get({ namespace: "", name: nameOf(claim) }) !== undefined) return
    const found = yield* taken(claim)
    if (found !== undefined) yield* provision(claims.get(key) ?? claim, found, driver)
  })

  yield* Controllers.run({
    name: "volume_provisioner",
    triggers: [Controllers.each(claims), arrivals(claims.all)],
    reconcile
  })
})
