/**
 * What a package that is a cloud brings beside its manifest, as `bed` of `bed.ts`: machines of its cloud, and what there is in it. Its calls to
 * the API are disturbed, unless the bed says by `disturb` how its calls to elsewhere are.
 */
import type { Effect, Scope } from "effect"
import type { Client } from "../../kernel/client/Client.ts"
import type { CloudBed } from "./Bed.ts"

type Bed = CloudBed["Service"]

export type PackageBed = Effect.Effect<
  Pick<Bed, "launch" | "stop" | "terminate" | "inventory" | "impossible"> & Partial<Pick<Bed, "disturb" | "every">>,
  unknown,
  Client | Scope.Scope
>
