/** Sees to it that a container's image is there, as its pull policy says. */
import { Duration, Effect, Schema } from "effect"
import type { Container, Pod } from "../../resources/contracts/core/v1.ts"
import type { Key } from "../images/Keyring.ts"
import * as Logins from "../images/Logins.ts"
import type { Site } from "../Site.ts"

/** The container has to wait, and its status says why. */
export class NotReady extends Schema.TaggedError<NotReady>()("NotReady", {
  reason: Schema.String,
  message: Schema.String
}) {}

const isLatest = (image: string) => !image.includes("@") && /(:latest|^[^:]*|\/[^:]*)$/.test(image)
export const policyOf = ({ image = "", imagePullPolicy }: Container) =>
  imagePullPolicy || (isLatest(image) ? "Always" : "IfNotPresent")

type Of = { readonly image: string; readonly handler?: string }

/** Each login in its turn, none if there is none. Returns the one that was let in. */
const pull = (of: Of, keys: ReadonlyArray<Key>, { images }: Site) => {
  const [first, ...others] = keys
  const as = (key: Key | undefined) => Effect.as(images.pull({ ...of, ...(key && { credentials: key.credentials }) }), key)
  return others.reduce((before, key) => Effect.catch(before, () => as(key)), as(first))
}

const bring = Effect.fnUntraced(function* (pod: Pod, container: Container, site: Site, of: Of, keys: ReadonlyArray<Key>) {
  const { image } = of
  const { images, tell } = site
  yield* tell(pod, "Normal", "Pulling", `Pulling image "${image}"`, container)
  const waiting = (time: Duration.Duration) =>
    tell(
      pod,
      "Normal",
      "Pulling",
      `Still pulling image "${image}" after ${Math.round(Duration.toSeconds(time))}s`,
      container
    )
  const done = yield* site.pulls.run(pull(of, keys, site), waiting).pipe(
    Effect.catch(
      Effect.fnUntraced(function* (failure) {
        const message = failure._tag === "PullFailed" ? failure.message : `${failure._tag}: ${image}`
        yield* tell(pod, "Warning", "Failed", `Failed to pull image "${image}": ${message}`, container)
        yield* tell(pod, "Warning", "Failed", "Error: ErrImagePull", container)
        return yield* new NotReady({ reason: "ErrImagePull", message })
      })
    )
  )
  const there = yield* Effect.orElseSucceed(images.find(of), () => null)
  if (there !== null) yield* site.pulledImages.pulled(there.id, done.result)
  const took = `${done.millis}ms (${done.withWaiting}ms including waiting). Image size: ${there?.bytes ?? 0} bytes.`
  yield* tell(pod, "Normal", "Pulled", `Successfully pulled image "${image}" in ${took}`, container)
  return there?.user
})

/** Returns as whom the image runs by itself. `runtime`: where it is needed, if the node has several. */
export const ensure = Effect.fn("ImagePuller.ensure")(function* (
  pod: Pod,
  container: Container,
  site: Site,
  runtime: string | undefined
) {
  const of: Of = { image: container.image ?? "", ...(runtime !== undefined && { handler: runtime }) }
  const { image } = of
  const { images, pulledImages, tell } = site
  const policy = policyOf(container)
  const there = yield* Effect.mapError(
    images.find(of),
    ({ cause }) => new NotReady({ reason: "ImageInspectError", message: `${cause}` })
  )
  const keys = yield* Effect.cached(Logins.forImage(pod, container, site))
  if (there !== null && policy !== "Always") {
    const isGuarded = pulledImages.isGuarded(there.id)
    if (!isGuarded || pulledImages.allows(there.id, yield* keys)) {
      const access = isGuarded ? " and can be accessed by the pod" : ""
      yield* tell(pod, "Normal", "Pulled", `Container image "${image}" already present on machine${access}`, container)
      return there.user
    }
  }
  if (policy === "Never") {
    const message = `Container image "${image}" is not present with pull policy of Never`
    yield* tell(pod, "Warning", "ErrImageNeverPull", message, container)
    return yield* new NotReady({ reason: "ErrImageNeverPull", message })
  }
  return yield* bring(pod, container, site, of, yield* keys)
})
