/** `keelson up` on a machine of its own, and what tests do with it: ask it by HTTPS, kill it, start it again, stop it. */
import * as NodeServices from "@effect/platform-node/NodeServices"
import { Context, Effect, Layer, Schedule, Scope } from "effect"
import { spawn } from "node:child_process"
import { cpSync } from "node:fs"
import { request } from "node:https"
import { join } from "node:path"
import { fileURLToPath } from "node:url"
import { WebSocket } from "ws"
import * as Https from "../../adapters/client/https/Https.ts"
import * as Kubeconfig from "../../adapters/client/https/Kubeconfig.ts"
import * as NodeRuntimes from "../../bin/NodeRuntimes.ts"
import * as Paths from "../../bin/Paths.ts"
import * as Settings from "../../bin/Settings.ts"
import { Api } from "../../kernel/client/Api.ts"
import * as ApiClient from "../../kernel/client/ApiClient.ts"
import type { Client } from "../../kernel/client/Client.ts"
import * as Images from "./Images.ts"
import * as Machine from "./Machine.ts"
import { Site } from "./Site.ts"

export interface Options {
  readonly store?: "sqlite" | "jetstream"
  readonly processes?: number
  readonly isolate?: ReadonlyArray<string>
  /** How many nodes: those after the first are called `n1-2`, `n1-3` and so on. */
  readonly nodes?: number
  readonly runtimes?: Settings.Settings["runtimes"]
  /** Further ones of `keelson up`, as they are. */
  readonly flags?: ReadonlyArray<string>
}

export interface Answer {
  readonly code: number
  readonly text: string
}

export interface Shape {
  readonly kubeconfig: string
  readonly nodeName: string
  /** What the command line printed so far. */
  readonly printed: () => string
  readonly up: Effect.Effect<void>
  /** Ctrl-C in the terminal: the exit code. */
  readonly interrupt: Effect.Effect<number>
  /** SIGKILL to every process of keelson; what it runs for Pods stays. */
  readonly crash: Effect.Effect<ReadonlyArray<string>>
  /** A request as the administrator on a connection of its own. */
  readonly ask: (path: string) => Effect.Effect<Answer, Error>
  /** Runs a command in a Pod: what it printed, and its exit code. */
  readonly exec: (pod: string, command: ReadonlyArray<string>) => Effect.Effect<Answer, Error>
  /** Runs a program on the cluster's machine. */
  readonly run: (
    program: string,
    args: ReadonlyArray<string>,
    options?: Parameters<typeof Machine.run>[2]
  ) => Effect.Effect<Machine.Ended>
  readonly kubectl: (args: ReadonlyArray<string>, input?: string) => Effect.Effect<Machine.Ended>
  /** What a web server says to the cluster's machine. */
  readonly fetch: (url: string) => Effect.Effect<string, Error>
}
export class Cluster extends Context.Service<Cluster, Shape>()("test/e2e/Cluster") {}

export const keelson = fileURLToPath(new URL("../../bin/keelson", import.meta.url))
export const nodeName = "n1"

const nodesOf = ({ nodes = 1 }: Options) => [
  nodeName,
  ...Array.from({ length: nodes - 1 }, (_, index) => `${nodeName}-${index + 2}`)
]

const flagsOf = ({ flags = [], isolate = [], nodes = 1, processes = 1, runtimes = [], store = "sqlite" }: Options) => [
  ...["--store", store, "--processes", `${processes}`],
  ...flags,
  ...(nodes === 1 ? [] : ["--nodes", `${nodes}`]),
  ...(runtimes.length === 0 ? [] : ["--runtimes", runtimes.join(",")]),
  ...(isolate.length === 0 ? [] : ["--isolate", isolate.join(",")])
]

/** One `keelson up` in a process group of its own, as a shell would start it. */
export const launch = (command: ReadonlyArray<string>) => {
  const [program = "", ...args] = command
  const child = spawn(program, args, { detached: true, stdio: ["ignore", "pipe", "pipe"] })
  const about = { pid: child.pid ?? 0, text: "", code: undefined as number | undefined }
  for (const stream of [child.stdout, child.stderr]) stream.on("data", (chunk: Buffer) => (about.text += chunk.toString()))
  child.once("exit", (code) => (about.code = code ?? -1))
  return about
}
export type Launched = ReturnType<typeof launch>

export const until = (what: string, seconds: number, holds: () => boolean, explain: () => string) =>
  Effect.sync(holds).pipe(
    Effect.repeat({ until: (is) => is, schedule: Schedule.spaced("50 millis") }),
    Effect.timeoutOrElse({
      duration: `${seconds} seconds`,
      orElse: () => Effect.suspend(() => Effect.die(new Error(`${what} not within ${seconds} s:\n${explain()}`)))
    }),
    Effect.asVoid
  )

interface Credentials {
  readonly ca: string
  readonly cert: string
  readonly key: string
}

/** The administrator's, as `up` wrote them. */
const credentials = Effect.fnUntraced(
  function* (kubeconfig: string) {
    const { ca = "", clientCertificate: cert = "", clientKey: key = "" } = yield* Kubeconfig.read(kubeconfig)
    return { ca, cert, key }
  },
  Effect.orDie,
  Effect.provide(NodeServices.layer)
)

const ask = (host: string, keys: Credentials, path: string) =>
  Effect.callback<Answer, Error>((resume) => {
    const call = request({ host, port: 6443, path, ...keys, agent: false }, (response) => {
      let text = ""
      response.setEncoding("utf8").on("data", (chunk: string) => (text += chunk))
      response.on("end", () => resume(Effect.succeed({ code: response.statusCode ?? 0, text })))
    })
    call.on("error", (error) => resume(Effect.fail(error)))
    call.end()
    return Effect.sync(() => call.destroy())
  })

const statusChannel = 3

export const exec = (host: string, keys: Credentials, pod: string, command: ReadonlyArray<string>) =>
  Effect.callback<Answer, Error>((resume) => {
    const query = new URLSearchParams([...command.map((word) => ["command", word]), ["stdout", "1"], ["stderr", "1"]])
    const url = `wss://${host}:6443/api/v1/namespaces/default/pods/${pod}/exec?${query}`
    const socket = new WebSocket(url, ["v5.channel.k8s.io"], { ...keys })
    let text = ""
    let code = -1
    socket.on("message", (data: Buffer) => {
      if (data[0] !== statusChannel) return (text += data.subarray(1).toString())
      const { details, status } = JSON.parse(data.subarray(1).toString())
      return (code = status === "Success" ? 0 : Number(details?.causes?.[0]?.message ?? 1))
    })
    socket.on("close", () => resume(Effect.succeed({ code, text })))
    socket.on("error", (error) => resume(Effect.fail(error)))
    return Effect.sync(() => socket.terminate())
  })

/** For who looks into a failure: `KEELSON_E2E_LOGS` names the folder in which the logs stay. */
const keepLogs = (dataDir: string) => {
  const folder = process.env["KEELSON_E2E_LOGS"]
  if (folder !== undefined) cpSync(join(dataDir, "log"), join(folder, dataDir), { recursive: true })
}

/** What the cluster that was started last has said: for who reads of a failure. */
export const story = { of: () => "" }

const make = Effect.fnUntraced(function* (options: Options) {
  const site = yield* Site
  const { address, dataDir } = site
  const [program = "", ...inside] = site.inside
  const kubeconfig = join(dataDir, "kubeconfig")
  const command = [
    ...[program, ...inside, process.execPath, keelson, "up", "--data-dir", dataDir, "--node-name", nodeName],
    ...["--node-ip", address, ...flagsOf(options)]
  ]
  let last: Launched | undefined
  const printed = () => last?.text ?? ""
  const logs = () =>
    [printed(), ...["server", "agent"].map((name) => Machine.textOf(join(dataDir, "log", `${name}.log`)).slice(-3000))].join(
      "\n"
    )

  const written = (name: string) =>
    Machine.textOf(join(dataDir, "log", name))
      .split("\n")
      .slice(-150)
  story.of = () => [printed(), ...["server.log", "agent.log"].flatMap((name) => [`-- ${name}`, ...written(name)])].join("\n")

  const up = Effect.gen(function* () {
    const now = (last = launch(command))
    const isReady = () =>
      nodesOf(options).every((name) => now.text.includes(`node ${name} is ready`)) || now.code !== undefined
    yield* until("the cluster is ready", 90, isReady, logs)
    if (now.code !== undefined) return yield* Effect.die(new Error(`keelson up ended with ${now.code}:\n${logs()}`))
  })
  const interrupt = Effect.gen(function* () {
    const now = last
    if (now === undefined || now.code !== undefined) return now?.code ?? -1
    yield* Effect.sync(() => process.kill(-now.pid, "SIGINT"))
    yield* until("the cluster ends", 120, () => now.code !== undefined, logs)
    keepLogs(dataDir)
    return now.code ?? -1
  })
  const isOurs = ({ command }: Machine.Process) => command.includes(dataDir) && /bin\/(keelson|Main)/.test(command)
  const crash = Effect.gen(function* () {
    const killed = Machine.processes().filter(isOurs)
    for (const { pid } of killed) yield* Effect.ignore(Effect.try(() => process.kill(pid, "SIGKILL")))
    yield* until("every process is gone", 40, () => !Machine.processes().some(isOurs), logs)
    return killed.map(({ command }) => command)
  })

  yield* Effect.acquireRelease(up, () => Effect.ignore(interrupt))
  const archives = Images.archives()
  const { runtimes = ["containerd"] } = options
  const settings = { ...Settings.defaults(), dataDir, runtimes }
  for (const name of nodesOf(options)) {
    const node = { settings, paths: Paths.make(dataDir, name), stop: "keep" } as const
    for (const archive of archives) yield* Effect.orDie(NodeRuntimes.importImage(node, archive))
  }
  const keys = yield* credentials(kubeconfig)
  const inSite: Shape["run"] = (name, args, given) => Machine.run(program, [...inside, name, ...args], given)
  return Cluster.of({
    kubeconfig,
    nodeName,
    printed,
    up,
    interrupt,
    crash,
    ask: (path) => ask(address, keys, path),
    exec: (pod, words) => exec(address, keys, pod, words),
    run: inSite,
    kubectl: (args, input = "") => inSite(Machine.kubectl ?? "kubectl", args, { env: { KUBECONFIG: kubeconfig }, input }),
    // busybox's own `-T` is broken in the version that Debian has.
    fetch: (url) =>
      Effect.flatMap(inSite("timeout", ["10", "busybox", "wget", "-qO-", url]), ({ code, stderr, stdout }) =>
        code === 0 ? Effect.succeed(stdout.trim()) : Effect.fail(new Error(`${url}: ${code} ${stderr}`))
      )
  })
})

/** Every call by the next of several connections, which the kernel spreads over the processes that share the port. */
const roundRobin = (all: ReadonlyArray<Api["Service"]>): Api["Service"] => {
  let turn = 0
  const next = () => {
    const found = all[turn++ % all.length]
    if (found === undefined) throw new Error("no connections")
    return found
  }
  return Api.of({
    get: (given) => next().get(given),
    list: (given) => next().list(given),
    watch: (given) => next().watch(given),
    create: (given) => next().create(given),
    update: (given) => next().update(given),
    patch: (given) => next().patch(given),
    delete: (given) => next().delete(given),
    deleteCollection: (given) => next().deleteCollection(given)
  })
}

const api = (connections: number) =>
  Layer.effect(
    Api,
    Effect.gen(function* () {
      const { kubeconfig } = yield* Cluster
      const { address } = yield* Site
      const { ca, cert, key } = yield* credentials(kubeconfig)
      const options = { server: `https://${address}:6443`, ca, clientCertificate: cert, clientKey: key, userAgent: "e2e" }
      const scope = yield* Scope.Scope
      const one = Effect.map(Layer.buildWithScope(Layer.fresh(Https.layer(options)), scope), Context.get(Api))
      return roundRobin(yield* Effect.all(Array.from({ length: connections }, () => one)))
    })
  )

/** A running cluster with the images of the tests, and the administrator's client on it. */
export const layer = (options: Options = {}): Layer.Layer<Cluster | Client, never, Site> =>
  ApiClient.layer.pipe(
    Layer.provide(api((options.processes ?? 1) === 1 ? 1 : 16)),
    Layer.provideMerge(Layer.effect(Cluster, make(options)))
  )
