/** A kube-apiserver on an etcd of its own, without RBAC: like our API server here, it lets everybody do everything who has a certificate. */
import { Effect } from "effect"
import { mkdirSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { freePort } from "../../kernel/FreePort.ts"
import * as Program from "../../adapters/Program.ts"
import * as Pki from "../../plugins/certificates/contracts/Pki.ts"
import * as Requests from "../../plugins/certificates/contracts/Requests.ts"
import * as Children from "./Children.ts"
import * as Etcd from "./Etcd.ts"

/** Gives how it is reached; nothing where this machine has none. */
export const start = Effect.fnUntraced(function* (directory: string, etcd: ReturnType<typeof Etcd.find>) {
  const binary = Program.find("kube-apiserver")
  if (binary === undefined || !("binary" in etcd)) return undefined
  mkdirSync(directory, { recursive: true })
  const { endpoint, pids } = yield* Etcd.start(etcd.binary, directory, 1, 0)
  const ca = yield* Pki.authority("bench")
  const serving = yield* Pki.issue(ca, { commonName: "kube-apiserver", hosts: ["127.0.0.1"], usages: ["server"] })
  const admin = yield* Pki.issue(ca, Requests.admin)
  const signing = yield* Pki.signingKey
  const file = (name: string, text: string) => {
    const path = join(directory, name)
    writeFileSync(path, text, { mode: 0o600 })
    return path
  }
  const port = yield* freePort
  const flags = {
    "etcd-servers": endpoint,
    "bind-address": "127.0.0.1",
    "advertise-address": "127.0.0.1",
    "secure-port": `${port}`,
    "client-ca-file": file("ca.crt", ca.cert),
    "tls-cert-file": file("serving.crt", serving.cert),
    "tls-private-key-file": file("serving.key", serving.key),
    "service-account-key-file": file("accounts.pub", signing.publicKey),
    "service-account-signing-key-file": file("accounts.key", signing.privateKey),
    "service-account-issuer": "https://kubernetes.default.svc",
    "service-cluster-ip-range": "10.96.0.0/16",
    "authorization-mode": "AlwaysAllow",
    // What it does not do for us it should not be slower for.
    "enable-priority-and-fairness": "false",
    profiling: "false"
  }
  const command = [binary, ...Object.entries(flags).map(([flag, value]) => `--${flag}=${value}`)]
  const server = `https://127.0.0.1:${port}`
  const upstream: Children.Server = { name: "kube-apiserver", directory, command, delay: 0, health: `${server}/readyz` }
  const pid = yield* Children.start(upstream)
  yield* Children.healthy(upstream, { ca: ca.cert, ...admin })
  return { server: { server, ca: ca.cert, ...admin }, pids: [...pids, pid] }
})
