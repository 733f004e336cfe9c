/** The images of Podman or Docker. */
import { Effect, Layer, Option, Schema, Stream } from "effect"
import { ImageMissing } from "../../plugins/kubelet/contracts/ContainerRuntime.ts"
import { type Credentials, type Image, Images, PullFailed } from "../../plugins/kubelet/contracts/Images.ts"
import { Engine, EngineFailed, isMissing, unavailable } from "./Engine.ts"
import * as Replies from "./EngineReplies.ts"

/** How an image is asked for, and what it is called then. */
export interface Pull {
  readonly path: string
  readonly query: { readonly [name: string]: string }
  readonly name: string
}
export type ToPull = (image: string) => Pull

const lost = unavailable(Images.key)
const path = (image: string) => `/images/${encodeURI(image)}`

/** An image without a name has one that says so; Podman counts a name by digest among the tags. */
const named = (names: ReadonlyArray<string> | null | undefined, by: (name: string) => boolean) =>
  (names ?? []).filter((name) => !name.startsWith("<none>") && by(name))
const hasDigest = (name: string) => name.includes("@")

const of = ({ Id, RepoDigests, RepoTags, Size }: typeof Replies.Image.Type): Image => ({
  id: Id,
  tags: named(RepoTags, (name) => !hasDigest(name)),
  digests: named([...new Set([...(RepoDigests ?? []), ...(RepoTags ?? [])])], hasDigest),
  bytes: Size
})

/** A user may be `name`, `uid`, or either with a group. */
const userOf = (user: string | undefined) => {
  const [name = ""] = (user ?? "").split(":")
  if (name === "") return {}
  return { user: /^\d+$/.test(name) ? Number(name) : name }
}

const header = (credentials: Credentials | undefined): { readonly [name: string]: string } => {
  if (credentials === undefined) return {}
  const { identityToken, password, serverAddress, username } = credentials
  const auth = { username, password, identitytoken: identityToken, serveraddress: serverAddress }
  // RFC 4648, section 5, with its padding.
  const text = Buffer.from(JSON.stringify(auth)).toString("base64").replaceAll("+", "-").replaceAll("/", "_")
  return { "X-Registry-Auth": text }
}

const isAbsent = (detail: string) => /manifest unknown|not found|does not exist/i.test(detail)

/** As the API names an image that somebody calls so: `busybox` is `docker.io/library/busybox:latest`. */
export const fullName = (image: string) => {
  const [first = "", ...rest] = image.split("/")
  const isHost = rest.length > 0 && (/[.:]/.test(first) || first === "localhost")
  const full = isHost ? image : rest.length > 0 ? `docker.io/${image}` : `docker.io/library/${image}`
  return full.includes("@") || /:[^/]+$/.test(full) ? full : `${full}:latest`
}

/** What goes wrong once an answer has begun stands in one of its lines. */
const complaint = <E>(lines: Stream.Stream<string, E>) =>
  Stream.runFold(
    lines,
    () => "",
    (error, line) => Option.getOrUndefined(Schema.decodeOption(Replies.Progress)(line))?.error ?? error
  )

export const layer = (toPull: ToPull) =>
  Layer.effect(
    Images,
    Effect.map(Engine, (engine) => {
      const inspect = (image: string) => engine.call("GET", `${path(image)}/json`, Replies.InspectedImage)
      const find = (image: string) =>
        inspect(image).pipe(
          Effect.map((found) => ({ ...of(found), ...userOf(found.Config?.User) })),
          Effect.catchIf(isMissing, () => Effect.succeed(null)),
          Effect.mapError(lost)
        )
      const refused = (image: string) => (failure: EngineFailed) =>
        isMissing(failure) || isAbsent(failure.detail)
          ? new ImageMissing({ image })
          : new PullFailed({ image, message: failure.detail })

      const pull = Effect.fn("engine.pull")(function* (image: string, credentials: Credentials | undefined) {
        const { name, path, query } = toPull(image)
        const told = complaint(engine.lines("POST", path, { query, headers: header(credentials) }))
        const error = yield* Effect.mapError(told, refused(image))
        if (error !== "") {
          return yield* isAbsent(error) ? new ImageMissing({ image }) : new PullFailed({ image, message: error })
        }
        return (yield* Effect.mapError(inspect(name), refused(image))).Id
      })

      /** An image with several names goes with the last of them; what is not there any more went with one before. */
      const remove = Effect.fnUntraced(function* (image: string) {
        const found = yield* find(image)
        if (found === null) return
        const names = [...found.tags, ...found.digests, found.id]
        const go = (name: string) =>
          engine.tell("DELETE", path(name)).pipe(
            Effect.catchIf(isMissing, () => Effect.void),
            Effect.mapError(lost)
          )
        yield* Effect.forEach(names, go, { discard: true })
      })

      return Images.of({
        find: ({ image }) => find(image),
        pull: ({ credentials, image }) => pull(image, credentials),
        list: () =>
          Effect.mapBoth(engine.call("GET", "/images/json", Replies.Images), {
            onFailure: lost,
            onSuccess: (images) => images.map(of)
          }),
        remove: ({ image }) => remove(image)
      })
    })
  )

/** Takes in an image archive, as `ImageArchive.make` and `docker save` write them, for Pods to use. */
export const load = Effect.fn("engine.load")(function* (archive: Uint8Array) {
  const engine = yield* Engine
  const request = "/images/load"
  const detail = yield* complaint(engine.lines("POST", request, { body: archive }))
  if (detail !== "") return yield* new EngineFailed({ request, status: 500, detail })
})
