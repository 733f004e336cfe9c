/** Logins for registries as they stand in the plugin's configuration: by the pattern of the images that each is for. */
import { Effect, Layer } from "effect"
import * as Plugin from "keelson/kernel/plugin/Plugin"
import { ImageCredentials, type Login, NoCredentials } from "keelson/kubelet/ImageCredentials"
import { matches } from "keelson/kubelet/ImagePatterns"

interface Configuration {
  readonly logins?: { readonly [pattern: string]: Login }
}

const example = { "registry.example": { username: "somebody", password: "secret" } }

export const plugin = ({ logins = example }: Configuration = {}) =>
  Plugin.make({
    name: "credentials-table",
    offers: [ImageCredentials],
    layer: Layer.succeed(ImageCredentials, {
      describe: () => Effect.succeed({ name: "credentials-table", images: Object.keys(logins) }),
      get: ({ image }) => {
        const found = Object.entries(logins).filter(([pattern]) => matches(pattern, image))
        if (found.length === 0) return Effect.fail(new NoCredentials({ image, message: "it is not in the table" }))
        // Whoever changes the table has it heard at once.
        return Effect.succeed({ logins: Object.fromEntries(found), keptFor: "Image" as const, keptMillis: 0 })
      }
    })
  })
