/**
 * Keeps the rules of a ClusterRole with an aggregationRule equal to those of all roles that it selects. Every replica does so:
 * they write the same, and whoever comes second finds it done.
 */
import { Effect, Layer, Schedule, Stream } from "effect"
import { Client } from "../../kernel/client/Client.ts"
import * as Selector from "../../kernel/resource/Selector.ts"
import { ClusterRole, type PolicyRule } from "../resources/contracts/rbac/v1.ts"

/** In order of the roles' names, each rule once. Absent: the role has no aggregationRule. */
export const aggregated = (
  { aggregationRule, metadata }: ClusterRole,
  all: ReadonlyArray<ClusterRole>
): ReadonlyArray<PolicyRule> | undefined => {
  if (aggregationRule === undefined) return undefined
  const selects = (aggregationRule.clusterRoleSelectors ?? []).map(Selector.matcher)
  const parts = all
    .filter((role) => role.metadata.name !== metadata.name && selects.some((matches) => matches(role.metadata.labels)))
    .toSorted((a, b) => (a.metadata.name < b.metadata.name ? -1 : 1))
  const rules = new Map(parts.flatMap(({ rules = [] }) => rules.map((rule) => [JSON.stringify(rule), rule])))
  return [...rules.values()]
}

const equal = (a: ReadonlyArray<PolicyRule>, b: ReadonlyArray<PolicyRule>) =>
  a.length === b.length && a.every((rule, index) => JSON.stringify(rule) === JSON.stringify(b[index]))

/** Without the store nothing is lost: it is written when the store is back. */
const patience = {
  schedule: Schedule.spaced("1 second"),
  while: ({ _tag }: { readonly _tag: string }) => _tag === "Unavailable"
}

const run = Effect.gen(function* () {
  const client = yield* Client
  const roles = yield* client.cache(ClusterRole, { indexes: { all: () => [""] } })
  const one = (role: ClusterRole, all: ReadonlyArray<ClusterRole>) => {
    const rules = aggregated(role, all)
    if (rules === undefined || equal(rules, role.rules ?? [])) return Effect.void
    return client.update(ClusterRole, { ...role, rules }).pipe(
      Effect.retry(patience),
      // Somebody else has written it: that change brings it here again.
      Effect.catch((error) => Effect.logDebug("a role's rules are not written", role.metadata.name, error._tag))
    )
  }
  yield* roles.changes.pipe(
    Stream.runForEach(() => {
      const all = roles.by("all", "")
      return Effect.forEach(all, (role) => one(role, all), { discard: true })
    }),
    Effect.forkScoped
  )
})

export const layer = Layer.effectDiscard(run)
