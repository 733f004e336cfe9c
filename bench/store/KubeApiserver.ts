/** A program that takes kube-apiserver's flags, started as a child on loopback with keys of its own: upstream's, or ours in its place. */
import { Effect } from "effect"
import { mkdirSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { freePort } from "../../kernel/FreePort.ts"
import * as Pki from "../../plugins/certificates/contracts/Pki.ts"
import * as Requests from "../../plugins/certificates/contracts/Requests.ts"
import * as Children from "./Children.ts"

const address = "127.0.0.1"

/** Done when it says that it is ready. `own`: flags besides those that all have; `ca` issues the keys that go with them. */
export const start = Effect.fnUntraced(function* (
  name: string,
  directory: string,
  program: ReadonlyArray<string>,
  own: (ca: Pki.Pair, file: (name: string, text: string) => string) => Effect.Effect<{ readonly [flag: string]: string }>
) {
  mkdirSync(directory, { recursive: true })
  const ca = yield* Pki.authority("kube-apiserver-authority")
  const serving = yield* Pki.issue(ca, { commonName: "kube-apiserver", hosts: [address], usages: ["server"] })
  const admin = yield* Pki.issue(ca, Requests.admin)
  const signing = yield* Pki.signingKey
  const port = yield* freePort
  const file = (name: string, text: string) => {
    const path = join(directory, name)
    writeFileSync(path, text, { mode: 0o600 })
    return path
  }
  const flags = {
    "bind-address": address,
    "advertise-address": address,
    "secure-port": `${port}`,
    "client-ca-file": file("ca.crt", ca.cert),
    "tls-cert-file": file("serving.crt", serving.cert),
    "tls-private-key-file": file("serving.key", serving.key),
    "service-account-key-file": file("accounts.pub", signing.publicKey),
    "service-account-signing-key-file": file("accounts.key", signing.privateKey),
    "service-account-issuer": "https://kubernetes.default.svc",
    "service-cluster-ip-range": "10.96.0.0/16",
    "cert-dir": directory,
    ...(yield* own(ca, file))
  }
  const command = [...program, ...Object.entries(flags).map(([flag, value]) => `--${flag}=${value}`)]
  const url = `https://${address}:${port}`
  const server: Children.Server = { name, directory, command, delay: 0, health: `${url}/readyz` }
  const began = performance.now()
  const pid = yield* Children.start(server)
  yield* Children.healthy(server, { ca: ca.cert, ...admin })
  return {
    server,
    authority: ca,
    port,
    pid,
    /** Milliseconds from its start until it said that it is ready. */
    ready: performance.now() - began,
    /** How its administrator reaches it. */
    endpoint: { server: url, ca: ca.cert, ...admin }
  }
})
