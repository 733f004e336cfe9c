/** A machine that joins shows a bootstrap token: it is `system:bootstrap:<id>` in `system:bootstrappers`, while the token lives. */
import { Clock, Effect, Option } from "effect"
import { createHash, timingSafeEqual } from "node:crypto"
import { Client } from "../../kernel/client/Client.ts"
import { Unauthorized } from "../../kernel/client/Errors.ts"
import type { Authenticator } from "../../kernel/pipeline/Policy.ts"
import { Secret } from "../resources/contracts/core/v1.ts"
import * as BootstrapToken from "./contracts/BootstrapToken.ts"

/** In a time that says nothing of where they differ. */
const same = (a: string, b: string) => {
  const digest = (text: string) => createHash("sha256").update(text).digest()
  return timingSafeEqual(digest(a), digest(b))
}

export const make = Effect.gen(function* () {
  const client = yield* Client

  const refuse = (id: string, why: string) =>
    Effect.andThen(
      Effect.logDebug(`the bootstrap token ${id} is refused: ${why}`),
      Effect.fail(new Unauthorized({ detail: "Unauthorized" }))
    )

  const authenticator: Authenticator = Effect.fnUntraced(function* ({ token }) {
    const shown = token === undefined ? undefined : BootstrapToken.parse(token)
    if (shown === undefined) return undefined
    const { id, secret } = shown
    const found = yield* client.find(Secret, { namespace: BootstrapToken.namespace, name: BootstrapToken.nameOf(id) })
    const known = Option.getOrUndefined(Option.map(found, BootstrapToken.of))
    if (known === undefined) return yield* refuse(id, "there is none of this name")
    if (!same(known.secret, secret)) return yield* refuse(id, "its secret is another")
    if (BootstrapToken.isExpired(known, yield* Clock.currentTimeMillis)) return yield* refuse(id, "it has expired")
    if (!known.usages.includes("authentication")) return yield* refuse(id, "it is not for authentication")
    return { name: `system:bootstrap:${id}`, groups: [...known.groups, "system:authenticated"] }
  })
  return authenticator
})
