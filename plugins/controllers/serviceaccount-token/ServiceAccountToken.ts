/**
 * Fills Secrets of type `kubernetes.io/service-account-token` with a token of the account that they name, and deletes those whose account is
 * gone. Nobody makes them but users: Pods get tokens that expire.
 */
import { Effect, Option } from "effect"
import { Client } from "../../../kernel/client/Client.ts"
import { type Key, keyOf } from "../../../kernel/resource/Kind.ts"
import * as SecretToken from "../../authentication/contracts/SecretToken.ts"
import { Secret, ServiceAccount } from "../../resources/contracts/core/v1.ts"
import * as Controllers from "../contracts/Controllers.ts"

export interface Options {
  /** PEM, PKCS #8: the key whose tokens the API servers believe. */
  readonly signingKey: string
  /** PEM: by what the API's certificate is verified. */
  readonly ca: string
}

const base64 = (text: string) => Buffer.from(text).toString("base64")
const accountOf = ({ metadata: { annotations = {} } }: Secret) => ({
  name: annotations[SecretToken.annotations.name] ?? "",
  uid: annotations[SecretToken.annotations.uid]
})
const place = (namespace: string, name: string) => `${namespace}/${name}`

const start = Effect.fnUntraced(function* ({ ca, signingKey }: Options) {
  const client = yield* Client
  const accounts = yield* client.cache(ServiceAccount, { indexes: {} })
  const secrets = yield* client.cache(Secret, {
    indexes: { account: (secret: Secret) => [place(keyOf(secret).namespace, accountOf(secret).name)] },
    selection: { fieldSelector: `type=${SecretToken.secretType}` }
  })

  /** One that was made just now may not be in the cache yet, and its Secret must not be deleted for that. */
  const find = Effect.fnUntraced(function* (secret: Secret) {
    const { name, uid } = accountOf(secret)
    const key = { namespace: keyOf(secret).namespace, name }
    const isIt = (account: ServiceAccount) => uid === undefined || account.metadata.uid === uid
    const cached = accounts.get(key)
    if (cached !== undefined && isIt(cached)) return cached
    return Option.getOrUndefined(Option.filter(yield* client.find(ServiceAccount, key), isIt))
  })

  const fill = Effect.fnUntraced(function* (secret: Secret, account: ServiceAccount) {
    const { name, namespace } = keyOf(secret)
    const { data = {}, metadata } = secret
    const isWhole = data["ca.crt"] === base64(ca) && data["namespace"] && data["token"]
    if (isWhole) return
    const owner = { name: account.metadata.name, uid: account.metadata.uid }
    const token = data["token"] || base64(yield* SecretToken.sign(signingKey, { namespace, secret: name, account: owner }))
    const annotations = {
      ...metadata.annotations,
      [SecretToken.annotations.name]: owner.name,
      [SecretToken.annotations.uid]: owner.uid
    }
    yield* client.update(Secret, {
      ...secret,
      metadata: { ...metadata, annotations },
      data: { ...data, "ca.crt": base64(ca), namespace: data["namespace"] || base64(namespace), token }
    })
  })

  /** Accounts of old clusters name their Secrets. One that goes unseen stays named, since what is named may also be something that has still to come. */
  const forget = Effect.fnUntraced(function* (key: Key) {
    const naming = accounts
      .all()
      .filter(
        ({ metadata, secrets = [] }) => metadata.namespace === key.namespace && secrets.some(({ name }) => name === key.name)
      )
    if (naming.length === 0 || Option.isSome(yield* client.find(Secret, key))) return
    yield* Effect.forEach(naming, (account) =>
      client.update(ServiceAccount, { ...account, secrets: (account.secrets ?? []).filter(({ name }) => name !== key.name) })
    )
  })

  const reconcile = Effect.fn("ServiceAccountToken.reconcile")(function* (key: Key) {
    const secret = secrets.get(key)
    if (secret === undefined) return yield* forget(key)
    if (secret.metadata.deletionTimestamp !== undefined) return
    const account = yield* find(secret)
    if (account !== undefined) return yield* fill(secret, account)
    const { uid } = secret.metadata
    yield* client.delete(Secret, key, { uid }).pipe(Effect.catchTag(["NotFound", "Conflict"], () => Effect.void))
  })

  const ofAccounts = Controllers.on(accounts, (account) => {
    const { name, namespace } = keyOf(account)
    return secrets.by("account", place(namespace, name)).map(keyOf)
  })
  yield* Controllers.run({
    name: "serviceaccount_tokens_service",
    triggers: [Controllers.each(secrets), ofAccounts],
    reconcile
  })
})

export const plugin = (options: Options) => Controllers.plugin("serviceaccount-token", start(options))
