/** Which objects a controller owns: those that refer to it, those it adopts, and those it lets go. */
import { Effect } from "effect"
import type { Client } from "../../../kernel/client/Client.ts"
import * as Kind from "../../../kernel/resource/Kind.ts"
import type { OwnerReference } from "../../../kernel/resource/Metadata.ts"
import { patchMetadata } from "./Writes.ts"

export type Selects = (labels: { readonly [key: string]: string } | undefined) => boolean

type Claim = "own" | "adopt" | "release" | "foreign"

/** What an object of the same namespace is to an owner that selects by labels. */
export const claim = (owner: Kind.Resource, selects: Selects, object: Kind.Resource): Claim => {
  const controller = Kind.controllerOf(object)
  const selected = selects(object.metadata.labels)
  const leaving = owner.metadata.deletionTimestamp !== undefined
  if (controller === undefined) {
    return selected && !leaving && object.metadata.deletionTimestamp === undefined ? "adopt" : "foreign"
  }
  if (controller.uid !== owner.metadata.uid) return "foreign"
  return selected ? "own" : leaving ? "foreign" : "release"
}

const adopted = ({ metadata }: Kind.Resource, kind: Kind.Any, owner: Kind.Resource) => [
  ...(metadata.ownerReferences ?? []),
  Kind.controllerReference(kind, owner)
]

const released = ({ metadata }: Kind.Resource, owner: Kind.Resource) =>
  (metadata.ownerReferences ?? []).filter(({ uid }) => uid !== owner.metadata.uid)

/** An index by owner, and of what has none by namespace: `mine` finds both. */
export const byOwner = {
  owner: (object: Kind.Resource) => [Kind.controllerOf(object)?.uid ?? `/${object.metadata.namespace ?? ""}`]
}

export const mine = <A>(
  cache: { readonly by: (index: "owner", value: string) => ReadonlyArray<A> },
  { metadata: { namespace = "", uid } }: Kind.Resource
) => [...cache.by("owner", uid), ...cache.by("owner", `/${namespace}`)]

interface By {
  readonly owner: Kind.Resource
  readonly selects: Selects
}

/** A plain loop, because there may be thousands, looked through at each change of one. */
const claims = <A extends Kind.Resource>({ owner, selects }: By, objects: ReadonlyArray<A>) => {
  const claimed = { own: Array.of<A>(), adopt: Array.of<A>(), release: Array.of<A>() }
  for (const object of objects) {
    const as = claim(owner, selects, object)
    if (as !== "foreign") claimed[as].push(object)
  }
  return claimed
}

/** Takes and lets go; answers with what is owned. Adopts only when the owner itself, read afresh, is still there. */
export const claimAll = Effect.fnUntraced(function* <
  O extends Kind.Resource,
  OD extends Kind.ResourceDraft,
  A extends Kind.Resource,
  D extends Kind.ResourceDraft
>(
  client: Client["Service"],
  by: { readonly kind: Kind.Kind<O, OD>; readonly owner: O; readonly selects: Selects },
  kind: Kind.Kind<A, D>,
  objects: ReadonlyArray<A>
) {
  const { adopt, own, release } = claims(by, objects)
  // A patch, because the roles of controllers allow no more of the objects that they own.
  const refer = (object: A, ownerReferences: ReadonlyArray<OwnerReference>) =>
    patchMetadata(client, kind, object, { ownerReferences })
  yield* Effect.forEach(release, (object) => Effect.ignore(refer(object, released(object, by.owner))), { discard: true })
  if (adopt.length === 0) return own
  const fresh = yield* client.get(by.kind, Kind.keyOf(by.owner))
  if (fresh.metadata.uid !== by.owner.metadata.uid || fresh.metadata.deletionTimestamp !== undefined) return own
  const taken = yield* Effect.forEach(adopt, (object) => refer(object, adopted(object, by.kind, by.owner)))
  return [...own, ...taken]
})
