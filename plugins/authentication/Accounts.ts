/** Who a verified ServiceAccount token speaks for: its account, and what it is bound to, must still be what they were. */
import { Clock, Effect, Option } from "effect"
import { Client } from "../../kernel/client/Client.ts"
import type { User } from "../../kernel/pipeline/Attributes.ts"
import type { Kind, Resource, ResourceDraft } from "../../kernel/resource/Kind.ts"
import { Node, Pod, Secret, ServiceAccount } from "../resources/contracts/core/v1.ts"
import { userName } from "./contracts/SecretToken.ts"
import { type Claims, TokenInvalid } from "./Tokens.ts"

export const authenticated = "system:authenticated"
/** In the extra of a user: by which credential it is known. */
export const credentialId = "authentication.kubernetes.io/credential-id"

/** What is being deleted stays trusted so long: a Pod ends by its own calls. In milliseconds. */
const leeway = 60_000

const lives = ({ metadata }: Resource, uid: string, now: number) =>
  metadata.uid === uid && (metadata.deletionTimestamp === undefined || Date.parse(metadata.deletionTimestamp) > now - leeway)

export const groupsOf = (namespace: string) => [
  "system:serviceaccounts",
  `system:serviceaccounts:${namespace}`,
  authenticated
]

/** The user of a token, as upstream names it. */
export const userOf = ({ jti, "kubernetes.io": { namespace, node, pod, serviceaccount } }: Claims): User => ({
  name: userName(namespace, serviceaccount.name),
  uid: serviceaccount.uid,
  groups: groupsOf(namespace),
  extra: {
    ...(jti !== undefined && { [credentialId]: [`JTI=${jti}`] }),
    ...(pod !== undefined && {
      "authentication.kubernetes.io/pod-name": [pod.name],
      "authentication.kubernetes.io/pod-uid": [pod.uid]
    }),
    ...(node !== undefined && { "authentication.kubernetes.io/node-name": [node.name] }),
    ...(node?.uid !== undefined && { "authentication.kubernetes.io/node-uid": [node.uid] })
  }
})

/** Answers from tables; what these do not have yet is looked up, since another process may have made it just now. */
export const make = Effect.gen(function* () {
  const client = yield* Client
  const indexes = {}
  const accounts = yield* client.cache(ServiceAccount, { indexes })
  const pods = yield* client.cache(Pod, { indexes })

  const living = Effect.fnUntraced(function* <A extends Resource, D extends ResourceDraft>(
    kind: Kind<A, D>,
    key: { readonly namespace: string; readonly name: string },
    uid: string,
    cached?: A
  ) {
    const now = yield* Clock.currentTimeMillis
    if (cached !== undefined && lives(cached, uid, now)) return
    const found = yield* client.find(kind, key)
    if (Option.isSome(found) && lives(found.value, uid, now)) return
    return yield* new TokenInvalid({ detail: `its ${kind.kind} ${key.name} is gone, or is another one` })
  })

  return {
    user: Effect.fnUntraced(function* (claims: Claims) {
      const { namespace, node, pod, secret, serviceaccount } = claims["kubernetes.io"]
      const account = { namespace, name: serviceaccount.name }
      yield* living(ServiceAccount, account, serviceaccount.uid, accounts.get(account))
      if (pod !== undefined) {
        const key = { namespace, name: pod.name }
        yield* living(Pod, key, pod.uid, pods.get(key))
      }
      if (secret !== undefined) yield* living(Secret, { namespace, name: secret.name }, secret.uid)
      // With a Pod, the node only says where the Pod was: the token dies with the Pod.
      if (node?.uid !== undefined && pod === undefined) yield* living(Node, { namespace: "", name: node.name }, node.uid)
      return userOf(claims)
    })
  }
})
export type Accounts = Effect.Success<typeof make>
