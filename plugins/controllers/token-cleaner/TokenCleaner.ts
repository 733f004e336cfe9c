/** Deletes bootstrap tokens when they have expired. */
import { Clock, Effect } from "effect"
import { Client } from "../../../kernel/client/Client.ts"
import type { Key } from "../../../kernel/resource/Kind.ts"
import * as BootstrapToken from "../../authentication/contracts/BootstrapToken.ts"
import { Secret } from "../../resources/contracts/core/v1.ts"
import * as Controllers from "../contracts/Controllers.ts"

const start = Effect.gen(function* () {
  const client = yield* Client
  const selection = { namespace: BootstrapToken.namespace, fieldSelector: `type=${BootstrapToken.secretType}` }
  const secrets = yield* client.cache(Secret, { indexes: {}, selection })

  const reconcile = Effect.fn("TokenCleaner.reconcile")(function* (key: Key) {
    const secret = secrets.get(key)
    const expires = secret && BootstrapToken.of(secret)?.expires
    if (secret === undefined || expires === undefined) return Controllers.done
    const now = yield* Clock.currentTimeMillis
    if (expires > now) return Controllers.again(expires - now)
    yield* client.delete(Secret, key, { uid: secret.metadata.uid })
    return Controllers.done
  })
  yield* Controllers.run({ name: "token-cleaner", triggers: [Controllers.each(secrets)], reconcile })
})

export const plugin = Controllers.plugin("token-cleaner", start)
