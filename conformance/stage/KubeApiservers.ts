/**
 * Two API servers that are started alike, with RBAC, and with nobody else in their clusters: a real kube-apiserver, on an etcd that
 * does not wait for its disk, and our program that stands in its place.
 */
import { Effect } from "effect"
import { mkdirSync } from "node:fs"
import { fileURLToPath } from "node:url"
import * as Program from "../../adapters/Program.ts"
import * as Etcd from "../../bench/store/Etcd.ts"
import * as KubeApiserver from "../../bench/store/KubeApiserver.ts"
import * as Pki from "../../plugins/certificates/contracts/Pki.ts"
import * as Requests from "../../plugins/certificates/contracts/Requests.ts"
import type { Endpoint } from "./Endpoint.ts"
import * as Machine from "./Machine.ts"

/** What this machine lacks for the real one. */
export const lacks = () => Machine.lacking("etcd", "kube-apiserver")

/** Runs the program with these flags and the common ones, until the scope ends. */
const start = Effect.fnUntraced(function* (
  directory: string,
  program: ReadonlyArray<string>,
  own: { readonly [flag: string]: string }
) {
  const { endpoint } = yield* KubeApiserver.start("kube-apiserver", directory, program, (ca, file) =>
    Effect.map(Pki.issue(ca, Requests.client("front-proxy-client")), (front) => ({
      "requestheader-client-ca-file": file("front-ca.crt", ca.cert),
      "requestheader-allowed-names": "front-proxy-client",
      "requestheader-username-headers": "X-Remote-User",
      "requestheader-group-headers": "X-Remote-Group",
      "requestheader-extra-headers-prefix": "X-Remote-Extra-",
      "proxy-client-cert-file": file("front.crt", front.cert),
      "proxy-client-key-file": file("front.key", front.key),
      "authorization-mode": "Node,RBAC",
      "allow-privileged": "true",
      ...own
    }))
  )
  return endpoint satisfies Endpoint
})

export const upstream = Effect.fnUntraced(function* (directory: string) {
  mkdirSync(directory, { recursive: true })
  const { endpoint } = yield* Etcd.start(Program.find("etcd") ?? "etcd", directory, 1, 0, false)
  return yield* start(directory, [Program.find("kube-apiserver") ?? "kube-apiserver"], { "etcd-servers": endpoint })
})

export const keelson = (directory: string) => {
  const main = fileURLToPath(new URL("../../bin/KubeApiserver.ts", import.meta.url))
  return start(directory, [process.execPath, "--import", import.meta.resolve("tsx"), main], {})
}
