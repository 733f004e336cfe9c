/** As whom an image may be pulled for a Pod: its pull secrets first, then who knows logins on this node. */
import { Effect, Result } from "effect"
import { Secret, ServiceAccount, type Container, type Pod } from "../../resources/contracts/core/v1.ts"
import * as Tokens from "../pod/Tokens.ts"
import type { Site } from "../Site.ts"
import type { Account } from "./CredentialProviders.ts"
import * as Keyring from "./Keyring.ts"

/** Seconds that a token of a service account lasts which a provider is given. */
const tokenSeconds = 3600

const secrets = Effect.fnUntraced(function* (pod: Pod, { client }: Site) {
  const { namespace = "" } = pod.metadata
  const found = yield* Effect.forEach(pod.spec.imagePullSecrets ?? [], ({ name = "" }) =>
    Effect.option(client.get(Secret, { namespace, name }))
  )
  return found.flatMap((secret) => (secret._tag === "Some" ? Keyring.ofSecret(secret.value) : []))
})

const accountOf = (pod: Pod, site: Site): Account | undefined => {
  const { namespace = "" } = pod.metadata
  const name = pod.spec.serviceAccountName
  if (name === undefined || name === "") return undefined
  const account = site.client.get(ServiceAccount, { namespace, name })
  return {
    namespace,
    name,
    annotations: Effect.map(account, ({ metadata }) => metadata.annotations ?? {}),
    token: (audience) => Effect.map(Tokens.request(site, pod, audience, tokenSeconds), ({ text }) => text)
  }
}

/** The more exact first. A provider that fails is told of, and the others are heard. */
export const forImage = Effect.fn("Logins.forImage")(function* (pod: Pod, container: Container, site: Site) {
  const { image = "" } = container
  const own = yield* secrets(pod, site)
  const answers = yield* site.credentialProviders.ask(image, accountOf(pod, site))
  for (const answer of answers) {
    if (Result.isSuccess(answer)) continue
    const { message, provider } = answer.failure
    const text = `Credential provider "${provider}" has no login for image "${image}": ${message}`
    yield* site.tell(pod, "Warning", "FailedToGetImageCredentials", text, container)
  }
  const provided = answers.flatMap((answer) => (Result.isSuccess(answer) ? answer.success : []))
  return [...Keyring.lookup(own, image), ...Keyring.lookup(provided, image)]
})
