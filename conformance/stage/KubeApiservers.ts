/**
 * Two API servers that are started alike, with RBAC, and with nobody else in their clusters: a real kube-apiserver, on an etcd that
 * does not wait for its disk, and our program that stands in its place.
 */
import { Effect } from "effect"
import { mkdirSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { freePort } from "../../kernel/FreePort.ts"
import * as Program from "../../adapters/Program.ts"
import * as Children from "../../bench/store/Children.ts"
import * as Etcd from "../../bench/store/Etcd.ts"
import * as Pki from "../../plugins/certificates/contracts/Pki.ts"
import * as Requests from "../../plugins/certificates/contracts/Requests.ts"
import type { Endpoint } from "./Endpoint.ts"
import * as Machine from "./Machine.ts"

/** What this machine lacks for the real one. */
export const lacks = () => Machine.lacking("etcd", "kube-apiserver")

const address = "127.0.0.1"

/** Runs the program with these flags and the common ones, until the scope ends. */
const start = Effect.fnUntraced(function* (
  directory: string,
  program: ReadonlyArray<string>,
  own: { readonly [flag: string]: string }
) {
  mkdirSync(directory, { recursive: true })
  const ca = yield* Pki.authority("conformance")
  const serving = yield* Pki.issue(ca, { commonName: "kube-apiserver", hosts: [address], usages: ["server"] })
  const front = yield* Pki.issue(ca, Requests.client("front-proxy-client"))
  const admin = yield* Pki.issue(ca, Requests.admin)
  const signing = yield* Pki.signingKey
  const port = yield* freePort
  const file = (name: string, text: string) => {
    const path = join(directory, name)
    writeFileSync(path, text, { mode: 0o600 })
    return path
  }
  const authority = file("ca.crt", ca.cert)
  const flags = {
    "bind-address": address,
    "advertise-address": address,
    "secure-port": `${port}`,
    "client-ca-file": authority,
    "tls-cert-file": file("serving.crt", serving.cert),
    "tls-private-key-file": file("serving.key", serving.key),
    "requestheader-client-ca-file": authority,
    "requestheader-allowed-names": "front-proxy-client",
    "requestheader-username-headers": "X-Remote-User",
    "requestheader-group-headers": "X-Remote-Group",
    "requestheader-extra-headers-prefix": "X-Remote-Extra-",
    "proxy-client-cert-file": file("front.crt", front.cert),
    "proxy-client-key-file": file("front.key", front.key),
    "service-account-key-file": file("accounts.pub", signing.publicKey),
    "service-account-signing-key-file": file("accounts.key", signing.privateKey),
    "service-account-issuer": "https://kubernetes.default.svc",
    "service-cluster-ip-range": "10.96.0.0/16",
    "authorization-mode": "Node,RBAC",
    "allow-privileged": "true",
    "cert-dir": directory,
    ...own
  }
  const server = `https://${address}:${port}`
  const started: Children.Server = {
    name: "kube-apiserver",
    directory,
    command: [...program, ...Object.entries(flags).map(([flag, value]) => `--${flag}=${value}`)],
    delay: 0,
    health: `${server}/readyz`
  }
  yield* Children.start(started)
  yield* Children.healthy(started, { ca: ca.cert, ...admin })
  return { server, ca: ca.cert, ...admin } satisfies Endpoint
})

export const upstream = Effect.fnUntraced(function* (directory: string) {
  mkdirSync(directory, { recursive: true })
  const { endpoint } = yield* Etcd.start(Program.find("etcd") ?? "etcd", directory, 1, 0, false)
  return yield* start(directory, [Program.find("kube-apiserver") ?? "kube-apiserver"], { "etcd-servers": endpoint })
})

export const keelson = (directory: string) => {
  const main = join(import.meta.dirname, "..", "..", "bin", "KubeApiserver.ts")
  return start(directory, [process.execPath, "--import", "tsx", main], {})
}
