/**
 * Whom a server of NATS has to show itself as. NATS' client has no name for a server that is an address, and Node.js then looks for
 * `localhost` in its certificate.
 */
import { checkServerIdentity, type PeerCertificate } from "node:tls"

/** `host:port`, with or without a scheme and a user before it. */
const hostOf = (server: string) => {
  const text = server.trim()
  return (URL.parse(text.includes("://") ? text : `nats://${text}`)?.hostname ?? "").replace(/^\[(.*)\]$/, "$1")
}

/** As `tls.connect` asks for it: the certificate has to be for one of these servers, or for the name by which one of them told of it. */
export const checking = (servers: ReadonlyArray<string>) => {
  const named = servers.map(hostOf)
  return (told: string, shown: PeerCertificate) => {
    const names = told === "localhost" ? named : [...named, told]
    const flaws = names.map((name) => checkServerIdentity(name, shown))
    return flaws.includes(undefined) ? undefined : flaws[0]
  }
}
