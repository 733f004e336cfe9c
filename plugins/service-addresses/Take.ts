/** Takes an address: by creating the IPAddress object of that name, so that of several servers one wins. */
import { Effect, Random } from "effect"
import { Client } from "../../kernel/client/Client.ts"
import { Invalid } from "../../kernel/client/Errors.ts"
import * as Causes from "../../kernel/resource/Causes.ts"
import type { Cache } from "../../kernel/table/Table.ts"
import * as Addresses from "../resources/contracts/Addresses.ts"
import type { Service } from "../resources/contracts/core/v1.ts"
import { IPAddress } from "../resources/contracts/networking/v1.ts"
import { choose, contains, type Range } from "./Ranges.ts"

export const refuse = ({ metadata: { name, namespace = "" } }: Service, causes: Invalid["causes"]) =>
  new Invalid({ group: "", resource: "services", namespace, name, kind: "Service", causes })

const full = {
  field: "spec.clusterIPs",
  type: "InternalError",
  detail: "Internal error: failed to allocate a serviceIP: range is full"
} as const

/** Takes the object of this name, unless it is there. */
const create = Effect.fnUntraced(function* ({ metadata: { name, namespace = "" } }: Service, address: string) {
  const client = yield* Client
  const labels = {
    "ipaddress.kubernetes.io/ip-family": Addresses.nameOf(Addresses.familyOf(address)),
    "ipaddress.kubernetes.io/managed-by": "ipallocator.k8s.io"
  }
  const spec = { parentRef: { group: "", resource: "services", namespace, name } }
  return yield* client.create(IPAddress, { metadata: { name: address, labels }, spec }).pipe(
    Effect.as(true),
    Effect.catchTag("AlreadyExists", () => Effect.succeed(false))
  )
})

export const inRange = (ranges: ReadonlyArray<Range>, service: Service, asked: string) => {
  if (ranges.some((range) => contains(range, asked))) return Effect.succeed(asked)
  const detail = `failed to allocate IP ${asked}: the provided network does not match the current range`
  return Effect.fail(refuse(service, [Causes.invalid("spec.clusterIPs", [asked], detail)]))
}

export const takeAsked = Effect.fnUntraced(function* (ranges: ReadonlyArray<Range>, service: Service, asked: string) {
  yield* inRange(ranges, service, asked)
  if (yield* create(service, asked)) return asked
  const detail = `failed to allocate IP ${asked}: provided IP is already allocated`
  return yield* refuse(service, [Causes.invalid("spec.clusterIPs", [asked], detail)])
})

/** `taken` may not show what another server has taken just now: then the next one is tried. */
export const takeAny = Effect.fnUntraced(function* (
  ranges: ReadonlyArray<Range>,
  service: Service,
  taken: Pick<Cache<IPAddress, never>, "get">
) {
  const tried = new Set<string>()
  const isFree = (name: string) => !tried.has(name) && taken.get({ namespace: "", name }) === undefined
  for (const range of ranges) {
    for (;;) {
      const index = choose(range.numbers, yield* Random.next, (one) => isFree(Addresses.at(range, one)))
      if (index === undefined) break
      const address = Addresses.at(range, index)
      tried.add(address)
      if (yield* create(service, address)) return address
    }
  }
  return yield* refuse(service, [full])
})
