/** What is stored encrypted, by the setting `encryptionProviderConfig`: Secrets with a key of this cluster's own, where there is none. */
import { Effect, FileSystem, Layer } from "effect"
import * as NodeServices from "@effect/platform-node/NodeServices"
import { join } from "node:path"
import * as KmsV2 from "../adapters/kms/KmsV2.ts"
import type { Log } from "../kernel/store/Log.ts"
import * as Assembled from "../plugins/encryption/Assembled.ts"
import * as Configuration from "../plugins/encryption/Configuration.ts"
import * as Encryption from "../plugins/encryption/Encryption.ts"
import { KeyManagement } from "../plugins/encryption/contracts/KeyManagement.ts"
import * as KeyringFile from "../plugins/encryption/KeyringFile.ts"
import * as Paths from "./Paths.ts"
import * as Early from "../plugins/packages/Early.ts"
import { BadSetting, type Settings } from "./Settings.ts"

/** Whoever has the store's files and this one has the Secrets. Every server of a cluster needs it. */
export const keyringFile = ({ pki }: Paths.Paths) => join(pki, "encryption-keys.json")

const configured = Effect.fnUntraced(function* (file: string) {
  if (file === "") return Configuration.standard
  const files = yield* FileSystem.FileSystem
  const text = yield* Effect.mapError(
    files.readFileString(file),
    ({ message }) => new BadSetting({ message: `--encryption-provider-config ${file}: it cannot be read: ${message}` })
  )
  return yield* Configuration.read(text, file)
})

/** What holds keys elsewhere: behind a socket, or in a package. */
const connect =
  (paths: Paths.Paths) =>
  ({ endpoint, timeoutMillis }: Configuration.KmsPlugin) =>
    Early.isAddress(endpoint)
      ? Early.service(KeyManagement, { address: endpoint, directory: Paths.packages(paths), callMillis: timeoutMillis })
      : KmsV2.make({ socket: endpoint.slice("unix://".length), timeoutMillis })

/** In place of a log the same with encryption, and whatever else its layer provides. `maintains`: in one process of a machine. */
export const around = (settings: Settings, paths: Paths.Paths, maintains: boolean, log: Layer.Layer<Log, unknown>) =>
  Layer.unwrap(
    Effect.gen(function* () {
      const groups = yield* configured(settings.encryptionProviderConfig)
      const ring = yield* KeyringFile.open(keyringFile(paths))
      return Encryption.layer({ ...(yield* Assembled.make(groups, ring, connect(paths))), maintains })
    }).pipe(Effect.provide(NodeServices.layer))
  ).pipe(Layer.provideMerge(log))
