/** Kubernetes APIs: our server over HTTPS, and anyone's by a kubeconfig. */
import { Effect, Layer } from "effect"
import { existsSync } from "node:fs"
import * as Https from "../../adapters/client/https/Https.ts"
import { type Adapter, checked, kit } from "../Adapter.ts"
import * as Api from "../Api.ts"
import * as ControlPlane from "../stage/ControlPlane.ts"

const overHttps = Layer.unwrap(
  Effect.map(ControlPlane.ControlPlane, ({ ca, cert, key, server }) =>
    Https.layer({ server, ca, clientCertificate: cert, clientKey: key })
  )
).pipe(Layer.provide(ControlPlane.layer))

export const adapters: ReadonlyArray<Adapter> = [
  {
    name: "keelson",
    title: "Keelson's API over HTTPS",
    isAlone: false,
    lacks: () => [],
    kits: { api: () => kit(overHttps, checked(Api.suite)) }
  },
  {
    name: "kubeconfig",
    title: "the API of a kubeconfig",
    isAlone: false,
    isElsewhere: true,
    lacks: () => ["an API (--endpoint KUBECONFIG, which may write ConfigMaps in the namespace default)"],
    endpoint: { words: "the file of a kubeconfig", pattern: /^(?!\w+:\/\/)/ },
    kits: {
      api: ({ endpoint = "" }) =>
        existsSync(endpoint)
          ? kit(Https.fromKubeconfig(endpoint), checked(Api.suite))
          : Effect.fail(`there is no kubeconfig ${endpoint}`)
    }
  }
]
