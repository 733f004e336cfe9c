/** Sees to it that a container's image is there, as its pull policy says. */
import { Clock, Effect, Option, Schema } from "effect"
import { Secret, type Container, type Pod } from "../../resources/contracts/core/v1.ts"
import type { Credentials } from "../contracts/Images.ts"
import type { Site } from "../Site.ts"

/** The container has to wait, and its status says why. */
export class NotReady extends Schema.TaggedError<NotReady>()("NotReady", {
  reason: Schema.String,
  message: Schema.String
}) {}

const Login = Schema.Struct({
  username: Schema.optionalKey(Schema.String),
  password: Schema.optionalKey(Schema.String),
  auth: Schema.optionalKey(Schema.String),
  identitytoken: Schema.optionalKey(Schema.String)
})
const DockerConfig = Schema.fromJsonString(Schema.Struct({ auths: Schema.Record(Schema.String, Login) }))

/** Of `registry.example:5000/team/app:1`; names without a registry are Docker's. */
export const registryOf = (image: string) => {
  const [first = "", ...rest] = image.split("/")
  return rest.length > 0 && (first.includes(".") || first.includes(":") || first === "localhost") ? first : "docker.io"
}

const hostOf = (server: string) => server.replace(/^https?:\/\//, "").split("/")[0]

const credentials = (server: string, { auth, identitytoken, password, username }: typeof Login.Type): Credentials => {
  const [user, ...secret] = auth === undefined ? [] : Buffer.from(auth, "base64").toString("utf8").split(":")
  return {
    username: username ?? user ?? "",
    password: password ?? secret.join(":"),
    serverAddress: server,
    ...(identitytoken && { identityToken: identitytoken })
  }
}

/** The logins of a pull secret that are for this image. */
export const loginsFor = (image: string, text: string): ReadonlyArray<Credentials> => {
  const { auths = {} } = Option.getOrElse(Schema.decodeOption(DockerConfig)(text), () => ({ auths: {} }))
  const registry = registryOf(image)
  const hosts = registry === "docker.io" ? ["docker.io", "index.docker.io"] : [registry]
  return Object.entries(auths)
    .filter(([server]) => hosts.includes(hostOf(server) ?? ""))
    .map(([server, login]) => credentials(server, login))
}

const logins = Effect.fnUntraced(function* ({ metadata, spec }: Pod, image: string, { client }: Site) {
  const found = yield* Effect.forEach(spec.imagePullSecrets ?? [], ({ name = "" }) =>
    Effect.option(client.get(Secret, { namespace: metadata.namespace ?? "", name }))
  )
  return found.flatMap((secret) => {
    const text = secret._tag === "Some" ? secret.value.data?.[".dockerconfigjson"] : undefined
    return text === undefined ? [] : loginsFor(image, Buffer.from(text, "base64").toString("utf8"))
  })
})

const isLatest = (image: string) => !image.includes("@") && /(:latest|^[^:]*|\/[^:]*)$/.test(image)
export const policyOf = ({ image = "", imagePullPolicy }: Container) =>
  imagePullPolicy || (isLatest(image) ? "Always" : "IfNotPresent")

/** Returns as whom the image runs by itself. `runtime`: where it is needed, if the node has several. */
export const ensure = Effect.fn("ImagePuller.ensure")(function* (
  pod: Pod,
  container: Container,
  site: Site,
  runtime: string | undefined
) {
  const of = { image: container.image ?? "", ...(runtime !== undefined && { handler: runtime }) }
  const { image } = of
  const { images, tell } = site
  const policy = policyOf(container)
  const there = yield* Effect.mapError(
    images.find(of),
    ({ cause }) => new NotReady({ reason: "ImageInspectError", message: `${cause}` })
  )
  if (there !== null && policy !== "Always") {
    yield* tell(pod, "Normal", "Pulled", `Container image "${image}" already present on machine`, container)
    return there.user
  }
  if (policy === "Never") {
    const message = `Container image "${image}" is not present with pull policy of Never`
    yield* tell(pod, "Warning", "ErrImageNeverPull", message, container)
    return yield* new NotReady({ reason: "ErrImageNeverPull", message })
  }
  yield* tell(pod, "Normal", "Pulling", `Pulling image "${image}"`, container)
  const began = yield* Clock.currentTimeMillis
  const [first, ...others] = [...(yield* logins(pod, image, site)), undefined]
  const pull = (login: Credentials | undefined) => images.pull({ ...of, ...(login && { credentials: login }) })
  const pulled = others.reduce((before, login) => Effect.catch(before, () => pull(login)), pull(first))
  yield* pulled.pipe(
    Effect.catch(
      Effect.fnUntraced(function* (failure) {
        const message = failure._tag === "PullFailed" ? failure.message : `${failure._tag}: ${image}`
        yield* tell(pod, "Warning", "Failed", `Failed to pull image "${image}": ${message}`, container)
        yield* tell(pod, "Warning", "Failed", "Error: ErrImagePull", container)
        return yield* new NotReady({ reason: "ErrImagePull", message })
      })
    )
  )
  const took = (yield* Clock.currentTimeMillis) - began
  yield* tell(pod, "Normal", "Pulled", `Successfully pulled image "${image}" in ${took}ms`, container)
  return (yield* Effect.orElseSucceed(images.find(of), () => null))?.user
})
