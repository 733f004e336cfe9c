/** How this server shows itself to kubelets, and knows them. */
import { Agent } from "node:https"
import type { ClientOptions } from "ws"
import type { Location } from "./Nodes.ts"
import type { Target } from "./Upstream.ts"

/** PEM texts: the authority of the kubelets' certificates, and the certificate that this server shows them. */
export interface KubeletOptions {
  readonly ca: string
  readonly cert: string
  readonly key: string
}

export interface Kubelet {
  readonly target: (location: Location, path: string) => Target
  readonly socket: (location: Location, path: string) => { readonly url: string; readonly options: ClientOptions }
  readonly close: () => void
}

/** IPv6 addresses stand in brackets in URLs. */
const inUrl = (host: string) => (host.includes(":") ? `[${host}]` : host)

export const make = ({ ca, cert, key }: KubeletOptions): Kubelet => {
  const agent = new Agent({ ca, cert, key, keepAlive: true })
  return {
    target: ({ host, port }, path) => ({ scheme: "https", agent, host, port, path, method: "GET" }),
    socket: ({ host, port }, path) => ({
      url: `wss://${inUrl(host)}:${port}${path}`,
      options: { ca, cert, key, perMessageDeflate: false, handshakeTimeout: 10_000 }
    }),
    close: () => agent.destroy()
  }
}
