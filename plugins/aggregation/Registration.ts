/**
 * Makes and keeps the APIServices of what this server serves itself: those of built-in groups once, those of custom resources as long
 * as there are some. One that somebody else has made stays as it is. Source: the label `kube-aggregator.kubernetes.io/automanaged`.
 */
import { Clock, Effect, Stream, SubscriptionRef } from "effect"
import { Client } from "../../kernel/client/Client.ts"
import type { Key } from "../../kernel/resource/Kind.ts"
import { Kinds } from "../../kernel/resource/Kinds.ts"
import * as Controllers from "../controllers/contracts/Controllers.ts"
import { APIService } from "../resources/contracts/apiregistration/v1.ts"

const label = "kube-aggregator.kubernetes.io/automanaged"

/** As upstream ranks them: groups first, then versions. */
const groups: { readonly [group: string]: number } = {
  "": 18_000,
  "apiregistration.k8s.io": 18_000,
  apps: 17_800,
  "events.k8s.io": 17_750,
  "authentication.k8s.io": 17_700,
  "authorization.k8s.io": 17_600,
  autoscaling: 17_500,
  batch: 17_400,
  "certificates.k8s.io": 17_300,
  "networking.k8s.io": 17_200,
  policy: 17_100,
  "rbac.authorization.k8s.io": 17_000,
  "storage.k8s.io": 16_800,
  "admissionregistration.k8s.io": 16_700,
  "apiextensions.k8s.io": 16_700,
  "scheduling.k8s.io": 16_600,
  "coordination.k8s.io": 16_500,
  "node.k8s.io": 16_300,
  "discovery.k8s.io": 16_200,
  "resource.k8s.io": 16_200,
  "flowcontrol.apiserver.k8s.io": 16_100,
  "internal.apiserver.k8s.io": 16_000,
  "storagemigration.k8s.io": 15_800
}
const custom = { group: 1000, version: 100 }

/** v1 of the core group is alone, v2 stands before v1, and that before betas and alphas. */
const versionPriority = (group: string, version: string) => {
  if (group === "") return 1
  const [, major = "0", stage] = /^v(\d+)(alpha|beta)?/.exec(version) ?? []
  if (stage === "alpha") return 1
  if (stage === "beta") return 9
  if (group === "flowcontrol.apiserver.k8s.io" || group === "resource.k8s.io") return 21
  return 15 * Number(major)
}

/** The group of APIServices themselves has none: without it they could not be read. */
const own = "apiregistration.k8s.io"

const nameOf = (group: string, version: string) => `${version}.${group}`

const draftOf = (group: string, version: string) => {
  const priority = groups[group]
  const isCustom = priority === undefined
  return {
    metadata: { name: nameOf(group, version), labels: { [label]: isCustom ? "true" : "onstart" } },
    spec: {
      ...(group !== "" && { group }),
      version,
      groupPriorityMinimum: priority ?? custom.group,
      versionPriority: isCustom ? custom.version : versionPriority(group, version)
    }
  }
}
type Draft = ReturnType<typeof draftOf>

/** Custom resources are served only a little after the start: until then none of theirs is missed. */
const patience = 20_000

const isChanged = ({ spec }: APIService, draft: Draft) =>
  spec.groupPriorityMinimum !== draft.spec.groupPriorityMinimum ||
  spec.versionPriority !== draft.spec.versionPriority ||
  spec.service !== undefined

export const run = Effect.gen(function* () {
  const [client, kinds] = [yield* Client, yield* Kinds]
  const all = yield* client.cache(APIService, { indexes: {} })
  const began = yield* Clock.currentTimeMillis
  /** Those of built-in groups that have been there: whoever removes one wants it away. */
  const seen = new Set<string>()

  const wanted = () =>
    new Map(
      kinds
        .all()
        .flatMap(({ kind }) => kind.versions)
        .filter(({ group }) => group !== own)
        .map(({ group, version }) => [nameOf(group, version), draftOf(group, version)])
    )

  const remove = Effect.fnUntraced(function* (found: APIService) {
    const waits = patience - ((yield* Clock.currentTimeMillis) - began)
    if (waits > 0) return Controllers.again(waits)
    yield* client.delete(APIService, { namespace: "", name: found.metadata.name })
    return Controllers.done
  })

  const reconcile = Effect.fn("Registration.reconcile")(function* (key: Key) {
    const found = all.get(key)
    const draft = wanted().get(key.name)
    const managed = found?.metadata.labels?.[label]
    if (found !== undefined && draft !== undefined) seen.add(key.name)
    if (draft === undefined) return found !== undefined && managed === "true" ? yield* remove(found) : Controllers.done
    const once = draft.metadata.labels[label] === "onstart"
    if (found === undefined) {
      if (once && seen.has(key.name)) return Controllers.done
      yield* client.create(APIService, draft)
      return Controllers.done
    }
    if (managed === "true" && isChanged(found, draft)) yield* client.update(APIService, { ...found, spec: draft.spec })
    return Controllers.done
  })

  const keys = () => [...wanted().keys()].map((name) => ({ namespace: "", name }))
  const served = SubscriptionRef.changes(kinds.generation).pipe(
    Stream.map(() => [...keys(), ...all.all().map(({ metadata }) => ({ namespace: "", name: metadata.name }))])
  )
  yield* Controllers.run({ name: "apiservice-registration", triggers: [served, Controllers.each(all)], reconcile })
})
