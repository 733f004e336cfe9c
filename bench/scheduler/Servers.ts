/** The two schedulers, each with its API server and its store: ours in the server's process, upstream's beside it. */
import { Effect } from "effect"
import { writeFileSync } from "node:fs"
import { get } from "node:https"
import { join } from "node:path"
import * as Program from "../../adapters/Program.ts"
import { freePort } from "../../kernel/FreePort.ts"
import * as Api from "../api/Servers.ts"
import * as Children from "../store/Children.ts"

export interface Contestant extends Omit<Api.Contestant, "ready"> {
  /** The page of the scheduler's metrics, where that is not the API server's. */
  readonly metrics: (() => Promise<string>) | undefined
}

export const keelson = Effect.fnUntraced(function* (directory: string) {
  const { address, name, pids } = yield* Api.keelson(directory, { scheduler: "true" })
  return { address, name, pids, metrics: undefined } satisfies Contestant
})

const kubeconfigOf = ({ ca, cert, key, port }: Api.Contestant["address"]) => {
  const base64 = (text: string) => Buffer.from(text).toString("base64")
  return JSON.stringify({
    apiVersion: "v1",
    kind: "Config",
    clusters: [{ name: "c", cluster: { server: `https://127.0.0.1:${port}`, "certificate-authority-data": base64(ca) } }],
    users: [{ name: "u", user: { "client-certificate-data": base64(cert), "client-key-data": base64(key) } }],
    contexts: [{ name: "c", context: { cluster: "c", user: "u" } }],
    "current-context": "c"
  })
}

const page = (url: string) =>
  new Promise<string>((resolve, reject) => {
    const asked = get(url, { rejectUnauthorized: false }, (response) => {
      const chunks: Array<Buffer> = []
      response.on("data", (chunk: Buffer) => chunks.push(chunk)).on("end", () => resolve(Buffer.concat(chunks).toString()))
    })
    asked.on("error", reject)
  })

/** Nothing where this machine lacks it. */
export const upstream = Effect.fnUntraced(function* (directory: string) {
  const binary = Program.find("kube-scheduler")
  if (binary === undefined) return "this machine has no kube-scheduler: npm run parts -- kubernetes"
  const api = yield* Api.upstream(directory)
  if (typeof api === "string") return api
  const kubeconfig = join(directory, "scheduler.kubeconfig")
  writeFileSync(kubeconfig, kubeconfigOf(api.address), { mode: 0o600 })
  const port = yield* freePort
  const flags = {
    kubeconfig,
    "authentication-kubeconfig": kubeconfig,
    "authorization-kubeconfig": kubeconfig,
    "authorization-always-allow-paths": "/healthz,/readyz,/metrics",
    "cert-dir": directory,
    "bind-address": "127.0.0.1",
    "secure-port": `${port}`,
    "leader-elect": "false",
    // The benchmark is of the scheduler, not of how it holds itself back.
    "kube-api-qps": "5000",
    "kube-api-burst": "5000"
  }
  const command = [binary, ...Object.entries(flags).map(([flag, value]) => `--${flag}=${value}`)]
  const url = `https://127.0.0.1:${port}`
  const server = { name: "kube-scheduler", directory, command, delay: 0, health: `${url}/readyz` }
  const pid = yield* Children.start(server)
  yield* Children.healthy(server, { rejectUnauthorized: false })
  return {
    address: api.address,
    name: `kube-scheduler with ${api.name}`,
    pids: [...api.pids, pid],
    metrics: () => page(`${url}/metrics`)
  } satisfies Contestant
})
