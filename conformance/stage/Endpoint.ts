/** How somebody's API is reached: as whoever started it says, or by a kubeconfig. */
import { Effect } from "effect"
import * as Kubeconfig from "../../adapters/client/https/Kubeconfig.ts"

/** PEM texts; `cert` and `key` or `token` say who asks. */
export interface Endpoint {
  readonly server: string
  readonly ca?: string
  readonly cert?: string
  readonly key?: string
  readonly token?: string
  readonly insecure?: boolean
}

export const fromKubeconfig = (file: string) =>
  Effect.map(
    Kubeconfig.read(file),
    ({ ca, clientCertificate, clientKey, insecure = false, server, token }): Endpoint => ({
      server,
      insecure,
      ...(ca !== undefined && { ca }),
      ...(clientCertificate !== undefined && { cert: clientCertificate }),
      ...(clientKey !== undefined && { key: clientKey }),
      ...(token !== undefined && { token })
    })
  )
