/** Images through the CRI. */
import { Effect, Layer } from "effect"
import { ImageMissing } from "../../plugins/kubelet/contracts/ContainerRuntime.ts"
import { Images, PullFailed, type Credentials, type Image } from "../../plugins/kubelet/contracts/Images.ts"
import { Cri, type CriFailed, NOT_FOUND } from "./Cri.ts"
import { unavailable } from "./CriRuntime.ts"
import * as Replies from "./Replies.ts"

const lost = unavailable(Images.key)

const image = ({ id, repo_digests, repo_tags, size, uid, username }: Replies.Image): Image => ({
  id,
  tags: repo_tags,
  digests: repo_digests,
  bytes: size,
  ...(username !== "" ? { user: username } : uid !== null && { user: uid.value })
})

const auth = (credentials: Credentials | undefined) =>
  credentials && {
    username: credentials.username ?? "",
    password: credentials.password ?? "",
    identity_token: credentials.identityToken ?? "",
    server_address: credentials.serverAddress ?? ""
  }

export const layer = Layer.effect(
  Images,
  Effect.map(Cri, (cri) => {
    const refused = (image: string) => (failure: CriFailed) =>
      failure.code === NOT_FOUND ? new ImageMissing({ image }) : new PullFailed({ image, message: failure.detail })
    const spec = (image: string) => ({ image: { image } })

    return Images.of({
      find: (payload) =>
        cri.call("ImageStatus", Replies.ImageStatus, spec(payload.image)).pipe(
          Effect.map((reply) => reply.image && image(reply.image)),
          Effect.mapError(lost)
        ),
      pull: ({ credentials, image }) =>
        cri.call("PullImage", Replies.PullImage, { ...spec(image), auth: auth(credentials) }, "30 minutes").pipe(
          Effect.map(({ image_ref }) => image_ref),
          Effect.mapError(refused(image))
        ),
      list: () =>
        cri.call("ListImages", Replies.ListImages, {}).pipe(
          Effect.map(({ images }) => images.map(image)),
          Effect.mapError(lost)
        ),
      remove: ({ image }) =>
        cri.call("RemoveImage", Replies.Nothing, spec(image)).pipe(
          Effect.catchIf(
            ({ code }) => code === NOT_FOUND,
            () => Effect.void
          ),
          Effect.mapBoth({ onFailure: lost, onSuccess: () => undefined })
        )
    })
  })
)
