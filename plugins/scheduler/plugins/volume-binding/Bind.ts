/** Carries out what was decided about claims: gives them volumes, or says on which node one shall be made; and waits until it is done. */
import { Duration, Effect, Stream } from "effect"
import { Client } from "../../../../kernel/client/Client.ts"
import { keyOf } from "../../../../kernel/resource/Kind.ts"
import { PersistentVolume, PersistentVolumeClaim } from "../../../resources/contracts/core/v1.ts"
import { Rejected } from "../../contracts/Framework.ts"
import { isFullyBound, type Storage } from "../../storage/Storage.ts"
import { isFor } from "./Matching.ts"

export interface Options {
  readonly bindTimeoutSeconds?: number
}

export interface Decision {
  readonly volumes: ReadonlyArray<{ readonly claim: PersistentVolumeClaim; readonly volume: PersistentVolume }>
  /** For these a volume has to be made. */
  readonly provisions: ReadonlyArray<PersistentVolumeClaim>
}

const selected = "volume.kubernetes.io/selected-node"
export const selectedNode = ({ metadata }: PersistentVolumeClaim) => metadata.annotations?.[selected]

const withNode = (claim: PersistentVolumeClaim, node: string): PersistentVolumeClaim => ({
  ...claim,
  metadata: { ...claim.metadata, annotations: { ...claim.metadata.annotations, [selected]: node } }
})

const given = (volume: PersistentVolume, claim: PersistentVolumeClaim): PersistentVolume => {
  const { name, namespace = "", resourceVersion = "", uid } = claim.metadata
  const isOurs = !isFor(volume, claim)
  return {
    ...volume,
    metadata: {
      ...volume.metadata,
      annotations: { ...volume.metadata.annotations, ...(isOurs && { "pv.kubernetes.io/bound-by-controller": "yes" }) }
    },
    spec: {
      ...volume.spec,
      claimRef: { kind: "PersistentVolumeClaim", apiVersion: "v1", namespace, name, uid, resourceVersion }
    }
  }
}

export const make = Effect.fnUntraced(function* (storage: Storage, { bindTimeoutSeconds = 600 }: Options) {
  const client = yield* Client
  const assumed = new Map<string, Decision>()

  const assume = (uid: string, node: string, { provisions, volumes }: Decision) => {
    const decided = {
      volumes: volumes.map(({ claim, volume }) => ({ claim, volume: given(volume, claim) })),
      provisions: provisions.map((claim) => withNode(claim, node))
    }
    for (const { volume } of decided.volumes) storage.volumes.assume(volume)
    for (const claim of decided.provisions) storage.claims.assume(claim)
    assumed.set(uid, decided)
  }

  const forget = (uid: string) => {
    const decided = assumed.get(uid)
    assumed.delete(uid)
    for (const { volume } of decided?.volumes ?? []) storage.volumes.forget(volume)
    for (const claim of decided?.provisions ?? []) storage.claims.forget(claim)
  }

  const rejected = (reason: string) => new Rejected({ plugin: "VolumeBinding", reasons: [reason] })

  /** Whether a claim has its volume; it fails when the decision was taken back by somebody else. */
  const isDone = (claim: PersistentVolumeClaim, node: string | undefined) =>
    Effect.suspend(() => {
      const now = storage.claims.get(keyOf(claim))
      if (now === undefined) return rejected(`persistentvolumeclaim "${claim.metadata.name}" not found`)
      if (isFullyBound(now)) return Effect.succeed(true)
      // A provisioner that cannot make a volume there takes the annotation away, so that another node is chosen.
      if (node !== undefined && selectedNode(now) !== node)
        return rejected(`provisioning failed for PVC "${claim.metadata.name}"`)
      return Effect.succeed(false)
    })

  const run = Effect.fn("VolumeBinding.bind")(function* (uid: string, node: string) {
    const decided = assumed.get(uid)
    if (decided === undefined) return
    for (const { volume } of decided.volumes) yield* client.update(PersistentVolume, volume)
    for (const claim of decided.provisions) yield* client.update(PersistentVolumeClaim, claim)
    assumed.delete(uid)
    const all = [
      ...decided.volumes.map(({ claim }) => isDone(claim, undefined)),
      ...decided.provisions.map((claim) => isDone(claim, node))
    ]
    if (all.length === 0) return
    const areDone = Effect.map(Effect.all(all), (done) => done.every(Boolean))
    yield* storage.claimChanges.pipe(
      Stream.mapEffect(() => areDone),
      Stream.takeUntil((done) => done),
      Stream.runDrain,
      Effect.timeoutOrElse({
        duration: Duration.seconds(bindTimeoutSeconds),
        orElse: () => rejected("binding volumes: context deadline exceeded")
      })
    )
  })

  return { assume, forget, run }
})
