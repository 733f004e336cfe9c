/** etcd as a kube-apiserver's: one member or three, each acknowledging what a quorum has on its disk (its default). */
import { Effect } from "effect"
import { execFileSync } from "node:child_process"
import { mkdirSync } from "node:fs"
import { join } from "node:path"
import { freePort } from "../../kernel/FreePort.ts"
import * as Program from "../../adapters/Program.ts"
import * as Children from "./Children.ts"

/** That of this machine, if it is of the version that we compare with. */
export const find = () => {
  const binary = Program.find("etcd")
  if (binary === undefined) return { missing: "this machine has no etcd: npm run parts -- etcd" }
  const version = /etcd Version: (\S+)/.exec(execFileSync(binary, ["--version"]).toString())?.[1] ?? "unknown"
  return version.startsWith("3.6.") ? { binary, version } : { missing: `${binary} is ${version}, and 3.6 is compared` }
}

const memberOf = (
  binary: string,
  directory: string,
  delay: number,
  ports: ReadonlyArray<number>,
  member: number,
  synced: boolean
): Children.Server => {
  const own = (kind: number) => `http://127.0.0.1:${ports[3 * member + kind]}`
  const name = `etcd-${member}`
  const peers = Array.from({ length: ports.length / 3 }, (_, peer) => `etcd-${peer}=http://127.0.0.1:${ports[3 * peer + 1]}`)
  const options = {
    name,
    "data-dir": join(directory, name),
    "listen-client-urls": own(0),
    "advertise-client-urls": own(0),
    "listen-peer-urls": own(1),
    "initial-advertise-peer-urls": own(1),
    "initial-cluster": peers.join(","),
    "listen-metrics-urls": own(2),
    "quota-backend-bytes": `${8 * 1024 ** 3}`,
    "log-level": "warn",
    // What kubeadm sets. A slow disk must not cost it its leader, in neither of the two.
    "snapshot-count": "10000",
    "heartbeat-interval": "100",
    "election-timeout": "2000"
  }
  const command = [binary, ...Object.entries(options).map(([option, value]) => `--${option}=${value}`)]
  if (!synced) command.push("--unsafe-no-fsync")
  return { name, directory, delay, command, health: `${own(2)}/readyz` }
}

/** Starts them, and gives where a client connects to: the leader, when there are three. */
export const start = Effect.fnUntraced(function* (
  binary: string,
  directory: string,
  members: 1 | 3,
  delay: number,
  synced = true
) {
  mkdirSync(directory, { recursive: true })
  const ports = yield* Effect.replicateEffect(freePort, 3 * members)
  const servers = Array.from({ length: members }, (_, member) => memberOf(binary, directory, delay, ports, member, synced))
  const pids = yield* Children.startAll(servers)
  for (const [member, { health }] of servers.entries()) {
    const text = yield* Effect.promise(() => fetch(health.replace("readyz", "metrics")).then((answer) => answer.text()))
    if (/^etcd_server_is_leader 1$/m.test(text)) return { servers, pids, endpoint: `http://127.0.0.1:${ports[3 * member]}` }
  }
  return yield* Effect.fail(new Error("etcd has no leader"))
})
