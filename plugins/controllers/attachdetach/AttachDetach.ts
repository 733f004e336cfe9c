/**
 * Attaches volumes to the nodes whose Pods need them, by VolumeAttachments that somebody else acts upon: a driver's attacher, or the node. An
 * attachment goes when no Pod of the node needs it and the node has said that it is not in use there any more. Source: upstream's
 * attach-detach controller.
 */
import { Effect } from "effect"
import { createHash } from "node:crypto"
import { same } from "../../../kernel/resource/JsonEqual.ts"
import { Client } from "../../../kernel/client/Client.ts"
import type { Key } from "../../../kernel/resource/Kind.ts"
import { Node, PersistentVolume, PersistentVolumeClaim, Pod } from "../../resources/contracts/core/v1.ts"
import { CSIDriver, VolumeAttachment } from "../../resources/contracts/storage/v1.ts"
import * as Controllers from "../contracts/Controllers.ts"
import { isFinished } from "../contracts/Pods.ts"
import { claimsOf } from "../storage-protection/Claims.ts"

const outOfService = "node.kubernetes.io/out-of-service"

/** Upstream's name of it, by which others look for it. */
const nameOf = (id: string, driver: string, node: string) =>
  `csi-${createHash("sha256").update(`${id}${driver}${node}`).digest("hex")}`
/** As Node objects name a volume. */
const uniqueName = (driver: string, id: string) => `kubernetes.io/csi/${driver}^${id}`

const nodeKey = (name: string | undefined): ReadonlyArray<Key> => (name ? [{ namespace: "", name }] : [])
const claimsFor = (pod: Pod) => claimsOf(pod).map((name) => `${pod.metadata.namespace ?? ""}/${name}`)

const start = Effect.gen(function* () {
  const client = yield* Client
  const pods = yield* client.cache(Pod, {
    indexes: { node: ({ spec }) => [spec.nodeName ?? ""], claim: claimsFor }
  })
  const claims = yield* client.cache(PersistentVolumeClaim, { indexes: {} })
  const volumes = yield* client.cache(PersistentVolume, { indexes: {} })
  const drivers = yield* client.cache(CSIDriver, { indexes: {} })
  const nodes = yield* client.cache(Node, { indexes: {} })
  const attachments = yield* client.cache(VolumeAttachment, { indexes: { node: ({ spec }) => [spec.nodeName] } })

  const csiOf = (name: string | undefined) => (name ? volumes.get({ namespace: "", name })?.spec.csi : undefined)
  const isAttached = (driver: string) => drivers.get({ namespace: "", name: driver })?.spec.attachRequired !== false

  /** The attachments that Pods of a node need, by their names. */
  const wanted = (node: string) => {
    const all = new Map<string, { readonly volume: string; readonly driver: string }>()
    for (const pod of pods.by("node", node)) {
      if (isFinished(pod)) continue
      for (const name of claimsOf(pod)) {
        const volume = claims.get({ namespace: pod.metadata.namespace ?? "", name })?.spec.volumeName
        const csi = csiOf(volume)
        if (volume === undefined || csi === undefined || !isAttached(csi.driver)) continue
        all.set(nameOf(csi.volumeHandle, csi.driver, node), { volume, driver: csi.driver })
      }
    }
    return all
  }

  const mayGo = (node: Node | undefined, name: string) =>
    node === undefined ||
    (node.spec.taints ?? []).some(({ key }) => key === outOfService) ||
    !(node.status.volumesInUse ?? []).includes(name)

  /** What is not named as upstream names it was made by somebody else, and is theirs. */
  const ours = (node: string) =>
    attachments.by("node", node).flatMap((one) => {
      const csi = csiOf(one.spec.source.persistentVolumeName)
      return csi !== undefined && one.metadata.name === nameOf(csi.volumeHandle, csi.driver, node)
        ? [{ ...one, unique: uniqueName(csi.driver, csi.volumeHandle) }]
        : []
    })

  /** What kubelets of others wait for. */
  const tell = Effect.fnUntraced(function* (node: Node) {
    const now = ours(node.metadata.name)
      .filter(({ metadata, status }) => status?.attached === true && metadata.deletionTimestamp === undefined)
      .map(({ unique }) => ({ name: unique, devicePath: "" }))
      .toSorted((a, b) => (a.name < b.name ? -1 : 1))
    if (same(now, node.status.volumesAttached ?? [])) return
    yield* client.update(Node, { ...node, status: { ...node.status, volumesAttached: now } }, { subresource: "status" })
  })

  const reconcile = Effect.fn("AttachDetach.reconcile")(function* ({ name: nodeName }: Key) {
    const node = nodes.get({ namespace: "", name: nodeName })
    const needed = node === undefined ? new Map<string, never>() : wanted(nodeName)
    for (const [name, { driver, volume }] of needed) {
      if (attachments.get({ namespace: "", name }) !== undefined) continue
      const spec = { attacher: driver, nodeName, source: { persistentVolumeName: volume } }
      yield* client
        .create(VolumeAttachment, { metadata: { name }, spec })
        .pipe(Effect.catchTag("AlreadyExists", () => Effect.void))
    }
    for (const { metadata, unique } of ours(nodeName)) {
      const { deletionTimestamp, name } = metadata
      if (needed.has(name) || deletionTimestamp !== undefined || !mayGo(node, unique)) continue
      yield* client.delete(VolumeAttachment, { namespace: "", name }).pipe(Effect.catchTag("NotFound", () => Effect.void))
    }
    const now = nodes.get({ namespace: "", name: nodeName })
    if (now !== undefined) yield* tell(now)
  })

  const usersOf = (claim: string) => pods.by("claim", claim).flatMap(({ spec }) => nodeKey(spec.nodeName))
  const hasVolumes = ({ metadata: { name }, status }: Node) =>
    (status.volumesInUse ?? []).length + (status.volumesAttached ?? []).length + attachments.by("node", name).length > 0
  yield* Controllers.run({
    name: "attachdetach",
    triggers: [
      Controllers.on(pods, (pod) => (claimsOf(pod).length === 0 ? [] : nodeKey(pod.spec.nodeName))),
      Controllers.on(claims, ({ metadata }) => usersOf(`${metadata.namespace ?? ""}/${metadata.name}`)),
      Controllers.on(volumes, ({ spec: { claimRef, csi } }) =>
        csi === undefined || claimRef === undefined ? [] : usersOf(`${claimRef.namespace}/${claimRef.name}`)
      ),
      Controllers.on(attachments, ({ spec }) => nodeKey(spec.nodeName)),
      Controllers.on(nodes, (node) => (hasVolumes(node) ? nodeKey(node.metadata.name) : []))
    ],
    reconcile
  })
})

export const plugin = Controllers.plugin("attachdetach", start)
