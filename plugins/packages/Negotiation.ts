/** Which versions of contracts a package and this process speak with each other, or why they cannot. */
import { Effect, SemVer, SemVerRange } from "effect"
import { Api } from "../../kernel/client/Api.ts"
import { Handover } from "../../kernel/plugin/Handover.ts"
import { type AnyAttachment, Attachments } from "./contracts/Attachments.ts"
import type { Manifest } from "./contracts/Manifest.ts"
import { PackageInvalid } from "./PackageInvalid.ts"

const invalid = (message: string) => new PackageInvalid({ message })

/** Whether a version of a contract is of this range. */
export const fits = (range: string, version: string) =>
  SemVerRange.matches(SemVerRange.parseUnsafe(range), SemVer.parseUnsafe(version))

/**
 * What it offers, taken in by whoever uses it here; what it needs, there. Of several majors of a contract that it offers, it is asked
 * for the newest that is taken here, and for no other.
 */
export const negotiated = Effect.fnUntraced(function* ({
  name,
  needs = [],
  offers
}: Pick<Manifest, "name" | "needs" | "offers">) {
  const attachments = yield* Attachments
  const found: Array<AnyAttachment> = []
  for (const [contract, ranges] of Map.groupBy(offers, (offer) => offer.contract)) {
    const range = ranges.map(({ version }) => version).join(" || ")
    if (contract === Handover.key) {
      if (!fits(range, Handover.version))
        return yield* invalid(`${name} offers ${contract} ${range}, and this cluster has ${Handover.version}`)
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

/** What it needs of other packages, as this process knows it. */
export const needed = Effect.fnUntraced(function* ({ name, needs = [] }: Pick<Manifest, "name" | "needs">) {
  const attachments = yield* Attachments
  const found: Array<AnyAttachment["contract"]> = []
  for (const { contract, version } of needs.filter((need) => need.contract !== Api.key)) {
    const known = attachments.versions(contract)
    const one = known.find((attachment) => fits(version, attachment.contract.version))
    if (one !== undefined) found.push(one.contract)
    else if (known.length > 0)
      return yield* invalid(`${name} needs ${contract} ${version}, and this cluster has ${known[0]?.contract.version}`)
    else
      return yield* invalid(
        `${name} needs ${contract}, which is not given to plugins: ${Api.key} is, and what packages offer of ${attachments.names().join(", ")}`
      )
  }
  return found
})
