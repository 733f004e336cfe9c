/** Tokens of a Pod's ServiceAccount for its projected volumes: asked for when needed, and again when most of their time is over. */
import { Clock, Effect, Schema } from "effect"
import { ServiceAccount, type Pod } from "../../resources/contracts/core/v1.ts"
import type { Site } from "../Site.ts"

interface Token {
  readonly text: string
  /** Milliseconds: when to ask for another. */
  readonly renewAt: number
}

const Answer = Schema.Struct({ status: Schema.Struct({ token: Schema.String, expirationTimestamp: Schema.String }) })

/** At four fifths of its life, and never older than a day. Source: "ServiceAccount token volume projection". */
const renewal = (now: number, expires: number) => now + Math.min(0.8 * (expires - now), 24 * 60 * 60_000)

/** A new token of the Pod's ServiceAccount, bound to the Pod. */
export const request = Effect.fnUntraced(function* (
  { client }: Pick<Site, "client">,
  pod: Pod,
  audience: string | undefined,
  expirationSeconds: number
) {
  const { name, namespace = "", uid } = pod.metadata
  const account = { namespace, name: pod.spec.serviceAccountName || "default" }
  const answer = yield* client.post(ServiceAccount, account, "token", {
    apiVersion: "authentication.k8s.io/v1",
    kind: "TokenRequest",
    spec: {
      ...(audience && { audiences: [audience] }),
      expirationSeconds,
      boundObjectRef: { apiVersion: "v1", kind: "Pod", name, uid }
    }
  })
  const { status } = yield* Schema.decodeUnknownEffect(Answer)(answer)
  return { text: status.token, renewAt: renewal(yield* Clock.currentTimeMillis, Date.parse(status.expirationTimestamp)) }
})

export const make = (site: Site) => {
  const known = new Map<string, Token>()

  /** Those of a Pod, by volume and path. */
  const refresh = Effect.fnUntraced(function* (pod: Pod) {
    const now = yield* Clock.currentTimeMillis
    for (const { name, projected } of pod.spec.volumes ?? []) {
      for (const { serviceAccountToken: wanted } of projected?.sources ?? []) {
        if (wanted === undefined) continue
        const key = `${name}\0${wanted.path}`
        if ((known.get(key)?.renewAt ?? 0) > now) continue
        const token = yield* request(site, pod, wanted.audience, wanted.expirationSeconds).pipe(
          // An old token that is still good is better than none.
          Effect.catch((failure) => (known.has(key) ? Effect.succeed(known.get(key)) : Effect.fail(failure)))
        )
        if (token !== undefined) known.set(key, token)
      }
    }
  })

  const of = (volume: string) =>
    new Map(
      [...known].flatMap(([key, { text }]) =>
        key.startsWith(`${volume}\0`) ? [[key.slice(volume.length + 1), text] as const] : []
      )
    )
  return { refresh, of }
}
