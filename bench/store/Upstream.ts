/** A kube-apiserver on an etcd of its own, without RBAC: like our API server here, it lets everybody do everything who has a certificate. */
import { Effect } from "effect"
import { mkdirSync } from "node:fs"
import * as Program from "../../adapters/Program.ts"
import * as Etcd from "./Etcd.ts"
import * as KubeApiserver from "./KubeApiserver.ts"

/** Gives how it is reached; nothing where this machine has none. */
export const start = Effect.fnUntraced(function* (directory: string, etcd: ReturnType<typeof Etcd.find>) {
  const binary = Program.find("kube-apiserver")
  if (binary === undefined || !("binary" in etcd)) return undefined
  mkdirSync(directory, { recursive: true })
  const { endpoint, pids } = yield* Etcd.start(etcd.binary, directory, 1, 0)
  const flags = {
    "etcd-servers": endpoint,
    "authorization-mode": "AlwaysAllow",
    // What it does not do for us it should not be slower for.
    "enable-priority-and-fairness": "false",
    profiling: "false"
  }
  const started = yield* KubeApiserver.start("kube-apiserver", directory, [binary], () => Effect.succeed(flags))
  return { server: started.endpoint, pids: [...pids, started.pid] }
})
