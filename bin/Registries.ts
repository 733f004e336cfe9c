/** Who knows logins for images on this node: a plugin each. The SDK of a cloud is read only where its registry is wished. */
import { Effect, Layer } from "effect"
import { homedir } from "node:os"
import { join } from "node:path"
import * as DockerConfigFiles from "../adapters/registry/docker-config/DockerConfigFiles.ts"
import * as Configuration from "../adapters/registry/exec/Configuration.ts"
import * as Exec from "../adapters/registry/exec/Exec.ts"
import * as Contract from "../kernel/plugin/Contract.ts"
import * as Plugin from "../kernel/plugin/Plugin.ts"
import { ImageCredentials } from "../plugins/kubelet/contracts/ImageCredentials.ts"
import type { CredentialProviders } from "../plugins/kubelet/images/CredentialProviders.ts"
import { BadSetting, type Settings } from "./Settings.ts"

type Make = (options: { readonly images: ReadonlyArray<string> }) => Layer.Layer<ImageCredentials>

const clouds: { readonly [name: string]: Effect.Effect<Make> } = {
  ecr: Effect.promise(async () => (await import("../adapters/registry/ecr/Ecr.ts")).layer),
  gar: Effect.promise(async () => (await import("../adapters/registry/gar/Gar.ts")).layer),
  acr: Effect.promise(async () => (await import("../adapters/registry/acr/Acr.ts")).layer)
}

/** By name, with the further patterns that each is for. */
const wished = ({ registryCredentials }: Settings) => {
  const all = new Map<string, Array<string>>()
  for (const wish of registryCredentials) {
    const [name = "", pattern] = wish.split("=")
    const images = all.get(name) ?? []
    all.set(name, pattern === undefined ? images : [...images, pattern])
  }
  return [...all].map(([name, images]): readonly [string, Effect.Effect<Layer.Layer<ImageCredentials>>] => [
    name,
    Effect.map(clouds[name] ?? Effect.die(`no registry ${name}`), (make) => make({ images }))
  ])
}

const programs = Effect.fnUntraced(function* (settings: Settings) {
  const { imageCredentialProviderBinDir: directory, imageCredentialProviderConfig: file } = settings
  if (file === "") return []
  if (directory === "")
    return yield* new BadSetting({ message: "imageCredentialProviderBinDir: expected the folder of its programs" })
  const providers = yield* Configuration.read(file)
  return providers.map((provider) => [provider.name, Effect.succeed(Exec.layer({ provider, directory }))] as const)
})

/** Where upstream's kubelet looks too, and where `docker login` writes. */
const dockerFiles = ["/var/lib/kubelet/config.json", join(homedir(), ".docker", "config.json")]

/** All that are wished take their places among the node's providers. */
export const layer = (settings: Settings, providers: CredentialProviders) =>
  Layer.effectDiscard(
    Effect.gen(function* () {
      const host = yield* Plugin.Host
      const dockerConfig = DockerConfigFiles.layer({ files: dockerFiles })
      const all = [
        ["docker-config", Effect.succeed(dockerConfig)] as const,
        ...(yield* programs(settings)),
        ...wished(settings)
      ]
      for (const [name, made] of all) {
        const contract = Contract.instance(ImageCredentials, name)
        const service = Layer.effect(contract, ImageCredentials).pipe(Layer.provide(yield* made))
        const started = yield* host.start(Plugin.make({ name: `registry-${name}`, offers: [contract], layer: service }))
        yield* providers.add(name, yield* Effect.provide(contract, started))
      }
    })
  )
