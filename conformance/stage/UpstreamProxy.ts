/** Upstream's kube-proxy on the node of the bed, against an API of ours. */
import { Effect, Layer } from "effect"
import { spawn } from "node:child_process"
import { createWriteStream, writeFileSync } from "node:fs"
import { connect, createServer } from "node:net"
import { join } from "node:path"
import * as Program from "../../adapters/Program.ts"
import { podCidr, type Within } from "../service-proxy/Bed.ts"
import * as Peers from "../service-proxy/Peers.ts"
import * as Stranger from "../service-proxy/Stranger.ts"
import * as ControlPlane from "./ControlPlane.ts"

/** The API on the loopback of the node, which is in another network. */
const relayed = Effect.fnUntraced(function* (server: string, node: Within, directory: string) {
  const [port, path] = [Number(new URL(server).port), join(directory, "api.sock")]
  const relay = createServer((here) => {
    const there = connect(port, "127.0.0.1")
    here.pipe(there)
    there.pipe(here)
    here.on("error", () => there.destroy())
    there.on("error", () => here.destroy())
  })
  yield* Effect.acquireRelease(
    Effect.callback<void>((resume) => void relay.listen(path, () => resume(Effect.void))),
    () => Effect.sync(() => relay.close())
  )
  const peer = yield* Peers.start(node)
  yield* peer.relay(port, path)
})

const kubeconfig = ({ ca, cert, key, server }: ControlPlane.ControlPlane["Service"]) => {
  const data = (pem: string) => Buffer.from(pem).toString("base64")
  return JSON.stringify({
    apiVersion: "v1",
    kind: "Config",
    clusters: [{ name: "laws", cluster: { server, "certificate-authority-data": data(ca) } }],
    users: [{ name: "laws", user: { "client-certificate-data": data(cert), "client-key-data": data(key) } }],
    contexts: [{ name: "laws", context: { cluster: "laws", user: "laws" } }],
    "current-context": "laws"
  })
}

const flags = (mode: string, config: string) => [
  ...["--kubeconfig", config, "--proxy-mode", mode, "--hostname-override", Stranger.nodeName, "--cluster-cidr", podCidr],
  // Settings of the whole machine stay as they are.
  ...["--conntrack-max-per-core=0", "--conntrack-min=0"],
  ...["--conntrack-tcp-timeout-established=0s", "--conntrack-tcp-timeout-close-wait=0s"],
  "--iptables-min-sync-period=100ms"
]

const run = Effect.fnUntraced(function* (mode: string, node: Within, directory: string) {
  const api = yield* ControlPlane.ControlPlane
  yield* relayed(api.server, node, directory)
  const config = join(directory, "kubeconfig")
  writeFileSync(config, kubeconfig(api))
  const [command = "", ...args] = [...node, Program.find("kube-proxy") ?? "kube-proxy", ...flags(mode, config)]
  const child = yield* Effect.acquireRelease(
    Effect.sync(() => spawn(command, args, { stdio: ["ignore", "pipe", "pipe"] })),
    (child) => Effect.sync(() => child.kill("SIGKILL"))
  )
  const log = createWriteStream(join(directory, "kube-proxy.log"))
  for (const stream of [child.stdout, child.stderr]) stream.pipe(log, { end: false })
})

export const layer = (mode: string, directory: string) => (node: Within) =>
  Layer.effectDiscard(run(mode, node, directory)).pipe(
    Layer.provideMerge(Stranger.layer(`upstream's kube-proxy, ${mode}`, node)),
    Layer.provide(ControlPlane.client),
    Layer.provide(ControlPlane.layer)
  )
