/** Which versions of contracts a package and this process speak with each other, or why they cannot. */
import { Effect, SemVer, SemVerRange } from "effect"
import { Api } from "../../kernel/client/Api.ts"
import { nameOf } from "../../kernel/plugin/Contract.ts"
import { Handover } from "../../kernel/plugin/Handover.ts"
import * as Relay from "../../kernel/plugin/Relay.ts"
import { type AnyAttachment, Attachments } from "./contracts/Attachments.ts"
import { isReserved, type Manifest } from "./contracts/Manifest.ts"
import { PackageInvalid } from "./PackageInvalid.ts"

const invalid = (message: string) => new PackageInvalid({ message })

/** Whether a version of a contract is of this range. */
export const fits = (range: string, version: string) =>
  SemVerRange.matches(SemVerRange.parseUnsafe(range), SemVer.parseUnsafe(version))

/** Contracts that the package has made itself, as others here know them: all majors of them that it offers. */
export const madeBy = ({ contracts = [], offers }: Pick<Manifest, "contracts" | "offers">): ReadonlyArray<AnyAttachment> =>
  contracts.flatMap(({ contract: key, methods = [], streams = [], version }) => {
    const isOffered = offers.some((offer) => offer.contract === nameOf({ key }) && fits(offer.version, version))
    if (!isOffered || !Relay.isVersion(version)) return []
    return [{ contract: Relay.make({ key, version, methods, streams }), attach: () => Effect.void, isOwn: true }]
  })

/**
 * What it offers, taken in by whoever uses it here; what it needs, there. Of several majors of a contract that it offers, it is asked
 * for the newest that is taken here, and for no other.
 */
export const negotiated = Effect.fnUntraced(function* ({
  contracts = [],
  name,
  needs = [],
  offers
}: Pick<Manifest, "contracts" | "name" | "needs" | "offers">) {
  const attachments = yield* Attachments
  const own = madeBy({ contracts, offers })
  const found: Array<AnyAttachment> = []
  for (const [contract, ranges] of Map.groupBy(offers, (offer) => offer.contract)) {
    const range = ranges.map(({ version }) => version).join(" || ")
    if (contract === Handover.key) {
      if (!fits(range, Handover.version))
        return yield* invalid(`${name} offers ${contract} ${range}, and this cluster has ${Handover.version}`)
      continue
    }
    const made = contracts.filter(({ contract: key }) => nameOf({ key }) === contract)
    if (made.length > 0) {
      const all = own.filter((one) => nameOf(one.contract) === contract)
      if (all.length === 0)
        return yield* invalid(`${name} offers ${contract} ${range}, and its own contract is ${made[0]?.version}`)
      found.push(...all)
      continue
    }
    const taken = attachments.versions(contract)
    if (taken.length === 0)
      return yield* invalid(
        `${name} offers ${contract}, which nothing here takes: what is taken is ${attachments.names().join(", ") || "nothing"}`
      )
    const attachment = taken.find((one) => fits(range, one.contract.version))
    if (attachment === undefined) {
      const here = taken.map((one) => one.contract.version).join(" and ")
      return yield* invalid(`${name} offers ${contract} ${range}, and this cluster has ${here}`)
    }
    const lacks = attachment.together?.filter((key) => !offers.some((offer) => offer.contract === key)) ?? []
    if (lacks.length > 0) return yield* invalid(`${name} offers ${contract}, and has to offer ${lacks.join(", ")} with it`)
    found.push(attachment)
  }
  for (const { contract, version } of needs) {
    if (contract === Api.key && !fits(version, Api.version))
      return yield* invalid(`${name} needs ${contract} ${version}, and this cluster has ${Api.version}`)
  }
  return found
})

/** A need of another package, with the contract as this process knows it. */
export interface Need {
  readonly contract: AnyAttachment["contract"]
  readonly range: string
}
/** What another package offers of a contract that it has made itself. */
export interface Offered {
  readonly package: string
  readonly contract: AnyAttachment["contract"]
}

/** What it needs of other packages. `made`: what these offer of contracts of their own, where such are given. */
export const needed = Effect.fnUntraced(function* (
  { name, needs = [] }: Pick<Manifest, "name" | "needs">,
  made?: ReadonlyArray<Offered>
) {
  const attachments = yield* Attachments
  const found: Array<Need> = []
  for (const { contract, version: range } of needs.filter((need) => need.contract !== Api.key)) {
    const known = attachments.versions(contract)
    const there = made?.filter((one) => nameOf(one.contract) === contract && one.package !== name) ?? []
    const all = [...known, ...there]
    const one = all.find((one) => fits(range, one.contract.version))
    if (one !== undefined) found.push({ contract: one.contract, range })
    else if (known.length > 0)
      return yield* invalid(`${name} needs ${contract} ${range}, and this cluster has ${known[0]?.contract.version}`)
    else if (there.length > 0) {
      const others = there.map((other) => `${other.package} offers ${other.contract.version}`)
      return yield* invalid(`${name} needs ${contract} ${range}, and ${others.join(", ")}`)
    } else if (made !== undefined && !isReserved(contract))
      return yield* invalid(`it waits for a package that offers ${contract}`)
    else
      return yield* invalid(
        `${name} needs ${contract}, which is not given to plugins: ${Api.key} is, and what packages offer of ${attachments.names().join(", ")}`
      )
  }
  return found
})
