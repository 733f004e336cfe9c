/**
 * The two API servers, started alike: TLS, client certificates, RBAC, fairness, and what they acknowledge on the disk. Ours keeps its
 * objects itself, upstream's in an etcd beside it.
 */
import { Effect, Schema } from "effect"
import { execFileSync } from "node:child_process"
import { existsSync, globSync, mkdirSync, readFileSync, statSync } from "node:fs"
import { join } from "node:path"
import * as Program from "../../adapters/Program.ts"
import * as Pki from "../../plugins/certificates/contracts/Pki.ts"
import * as Children from "../store/Children.ts"
import * as Etcd from "../store/Etcd.ts"
import * as KubeApiserver from "../store/KubeApiserver.ts"
import type { Address } from "./Connection.ts"

export interface Contestant {
  readonly name: string
  readonly address: Address
  readonly pids: ReadonlyArray<number>
  /** Milliseconds from its start, and that of its store, until it says that it is ready. */
  readonly ready: number
}

const root = join(import.meta.dirname, "..", "..")
const dist = join(root, "dist")

const program = join(dist, "bin", "KubeApiserver.js")
const commandLine = join(dist, "bin", "Main.js")

/** Whether a source was changed after it was bundled. */
const isStale = () => {
  if (!existsSync(program)) return true
  const bundled = statSync(program).mtimeMs
  const sources = globSync("{bin,kernel,plugins,adapters}/**/*.ts", { cwd: root })
  return sources.some((file) => statSync(join(root, file)).mtimeMs > bundled)
}

/** As users run it. */
const Settings = Schema.fromJsonString(
  Schema.Struct({ flags: Schema.Array(Schema.String), env: Schema.Record(Schema.String, Schema.String) })
)
const settings = Schema.decodeUnknownSync(Settings)(readFileSync(join(root, "bin", "process.json"), "utf8"))

/** The command line as users run it: program, arguments, environment. */
export const bundled = (...args: ReadonlyArray<string>) => {
  ours()
  const env = { ...process.env, ...settings.env, KEELSON_DIST: dist }
  return { program: process.execPath, args: [...settings.flags, commandLine, ...args], env }
}

/** What users run is bundled. Profiles are taken into a folder that is named. */
const ours = () => {
  if (isStale()) execFileSync(process.execPath, [join(root, "bin", "bundle.mjs")], { stdio: "inherit" })
  const { BENCH_CPU_PROFILE: profile } = process.env
  const profiling = profile === undefined ? [] : ["--cpu-prof", `--cpu-prof-dir=${profile}`]
  return [process.execPath, ...settings.flags, ...profiling, program]
}

const binding = {
  metadata: { name: "bench" },
  roleRef: { apiGroup: "rbac.authorization.k8s.io", kind: "ClusterRole", name: "cluster-admin" },
  subjects: [{ apiGroup: "rbac.authorization.k8s.io", kind: "User", name: "bench" }]
}

const start = Effect.fnUntraced(function* (
  name: string,
  directory: string,
  command: ReadonlyArray<string>,
  etcd?: string,
  more: { readonly [flag: string]: string } = {}
) {
  const flags = {
    ...more,
    "authorization-mode": "RBAC",
    // Nobody is here who makes service accounts.
    "disable-admission-plugins": "ServiceAccount",
    ...(etcd !== undefined && { "etcd-servers": etcd })
  }
  const { authority, endpoint, pid, port, ready, server } = yield* KubeApiserver.start(name, directory, command, () =>
    Effect.succeed(flags)
  )
  // Somebody who may do everything because a role says so.
  const user = yield* Pki.issue(authority, { commonName: "bench", hosts: [], usages: ["client"] })
  yield* Effect.promise(() => post(endpoint.server, endpoint))
  yield* Children.healthy({ ...server, health: `${endpoint.server}/api/v1/namespaces` }, { ca: endpoint.ca, ...user })
  return { address: { port, ca: endpoint.ca, ...user }, pid, ready }
})

const post = async (url: string, tls: { readonly ca: string; readonly cert: string; readonly key: string }) => {
  const { request } = await import("node:https")
  const options = { ...tls, method: "POST", headers: { "content-type": "application/json" } }
  const status = await new Promise<number>((resolve, reject) => {
    const asked = request(`${url}/apis/rbac.authorization.k8s.io/v1/clusterrolebindings`, options, (response) => {
      response.resume().on("end", () => resolve(response.statusCode ?? 0))
    })
    asked.on("error", reject).end(JSON.stringify(binding))
  })
  if (status !== 201) throw new Error(`the role of the bench was answered with ${status}`)
}

export const keelson = Effect.fnUntraced(function* (directory: string, more: { readonly [flag: string]: string } = {}) {
  Object.assign(process.env, settings.env)
  process.env["KEELSON_DIST"] = dist
  process.env["NODE_COMPILE_CACHE"] = join(directory, "..", "v8")
  const { address, pid, ready } = yield* start("keelson", directory, ours(), undefined, more)
  return { name: "keelson", address, pids: [pid], ready } satisfies Contestant
})

/** Nothing where this machine lacks it. */
export const upstream = Effect.fnUntraced(function* (directory: string) {
  const binary = Program.find("kube-apiserver")
  const etcd = Etcd.find()
  if (binary === undefined) return "this machine has no kube-apiserver: npm run parts -- kubernetes"
  if (!("binary" in etcd)) return etcd.missing
  mkdirSync(directory, { recursive: true })
  const began = performance.now()
  const { endpoint, pids } = yield* Etcd.start(etcd.binary, directory, 1, 0)
  const store = performance.now() - began
  const { address, pid, ready } = yield* start("kube-apiserver", directory, [binary], endpoint)
  const version = /v[\d.]+/.exec(execFileSync(binary, ["--version"]).toString())?.[0] ?? ""
  const name = `kube-apiserver ${version} with etcd ${etcd.version}`
  return { name, address, pids: [...pids, pid], ready: ready + store } satisfies Contestant
})
