/** Claims to devices, what drivers offer, and what of it is taken. One for all profiles: a device is given away once. */
import { Effect } from "effect"
import { Client } from "../../../kernel/client/Client.ts"
import type { Resource } from "../../../kernel/resource/Kind.ts"
import { DeviceClass, ResourceClaim, ResourceSlice } from "../../resources/contracts/resource/v1.ts"
import type { Change } from "../contracts/Changes.ts"
import { changeOf, follow } from "../Follow.ts"
import { Inventory } from "./Inventory.ts"
import { Ledger } from "./Ledger.ts"

const byUid = <A extends Resource>(objects: ReadonlyArray<A>) => new Map(objects.map((one) => [one.metadata.uid, one]))

export const make = Effect.gen(function* () {
  const client = yield* Client
  const claims = yield* client.cache(ResourceClaim, { indexes: {} })
  const classes = yield* client.cache(DeviceClass, { indexes: {} })
  const slices = yield* client.cache(ResourceSlice, { indexes: {} })
  const ledger = new Ledger()
  const inventory = new Inventory()
  // Nothing is decided before all this is known.
  const known = { claims: byUid(claims.all()), slices: byUid(slices.all()) }
  for (const claim of known.claims.values()) ledger.change(undefined, claim)
  for (const slice of known.slices.values()) inventory.change(undefined, slice)
  return {
    claims,
    ledger,
    inventory,
    classOf: (name: string) => classes.get({ namespace: "", name }),
    caches: { claims, classes, slices },
    known
  }
})
export type Devices = Effect.Success<typeof make>

/** Tells of what changes, and keeps account of it, while it runs. */
export const told = ({ caches, inventory, known, ledger }: Devices, tell: (change: Change) => void) =>
  Effect.all(
    [
      follow(
        caches.claims,
        (before, after) => {
          ledger.change(before, after)
          tell({ kind: "ResourceClaim", ...changeOf(before, after) })
        },
        known.claims
      ),
      follow(
        caches.slices,
        (before, after) => {
          inventory.change(before, after)
          tell({ kind: "ResourceSlice", ...changeOf(before, after) })
        },
        known.slices
      ),
      follow(caches.classes, (before, after) => tell({ kind: "DeviceClass", ...changeOf(before, after) }))
    ],
    { concurrency: "unbounded", discard: true }
  )
