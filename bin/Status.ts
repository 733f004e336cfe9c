/** `keelson status`: nodes, plugins, Pods and the store at a glance; with `--watch`, and below `keelson up`, kept current. */
import { Console, Effect, FileSystem, Layer, Option, Schedule, Schema } from "effect"
import { request } from "node:https"
import * as Https from "../adapters/client/https/Https.ts"
import * as Kubeconfig from "../adapters/client/https/Kubeconfig.ts"
import type { Target } from "../adapters/client/https/Transport.ts"
import * as ApiClient from "../kernel/client/ApiClient.ts"
import { Client } from "../kernel/client/Client.ts"
import * as ApiServers from "../plugins/cluster/contracts/ApiServers.ts"
import { Lease } from "../plugins/resources/contracts/coordination/v1.ts"
import { Node, Pod } from "../plugins/resources/contracts/core/v1.ts"
import { leadership } from "./Leadership.ts"
import type { Paths } from "./Paths.ts"
import { path, ServerStatus } from "./StatusRoute.ts"

export class NoCluster extends Schema.TaggedError<NoCluster>()("NoCluster", { message: Schema.String }) {}

const isReady = ({ status }: Node) =>
  status.conditions?.some(({ status, type }) => type === "Ready" && status === "True") === true
const isPodReady = ({ status }: Pod) =>
  status.conditions?.some(({ status, type }) => type === "Ready" && status === "True") === true

const podLine = (pods: ReadonlyArray<Pod>) => {
  const phases = Map.groupBy(pods, (pod) =>
    pod.metadata.deletionTimestamp === undefined ? (pod.status.phase ?? "Pending") : "Terminating"
  )
  const counts = [...phases].map(([phase, some]) => `${some.length} ${phase}`).join(", ")
  return `pods      ${pods.length}${counts === "" ? "" : ` (${counts}; ${pods.filter(isPodReady).length} ready)`}`
}

const nodeLine = (pods: ReadonlyArray<Pod>) => (node: Node) => {
  const mine = pods.filter(({ spec }) => spec.nodeName === node.metadata.name).length
  const { containerRuntimeVersion = "" } = node.status.nodeInfo ?? {}
  return `node      ${node.metadata.name} ${isReady(node) ? "Ready" : "NotReady"}, ${mine} pods, ${containerRuntimeVersion}`
}

/** What the server process that answers knows of itself. Absent: it is not one of ours. */
const ask = (target: Target) =>
  Effect.callback<Option.Option<ServerStatus>>((resume) => {
    const options = { ca: target.ca, cert: target.clientCertificate, key: target.clientKey, agent: false }
    const call = request(new URL(path, target.server), options, (response) => {
      let text = ""
      response.setEncoding("utf8").on("data", (chunk: string) => {
        text += chunk
      })
      response.on("end", () => resume(Effect.succeed(decodeStatus(text))))
    })
    call.on("error", () => resume(Effect.succeedNone))
    call.end()
    return Effect.sync(() => call.destroy())
  })
const decodeStatus = Schema.decodeUnknownOption(Schema.fromJsonString(ServerStatus))

const serverLines = ({ plugins, store }: ServerStatus): ReadonlyArray<string> => {
  const troubled = plugins.filter(({ state }) => state !== "running")
  const apart = plugins.filter(({ isolation }) => isolation !== "in-process")
  const isolated = apart.map(({ isolation, name }) => `${name} (${isolation})`).join(", ")
  return [
    `store     ${store.name}, at revision ${store.revisions["objects"] ?? 0}${store.following ? "" : ", NOT FOLLOWED"}`,
    `plugins   ${plugins.length - troubled.length} of ${plugins.length} running${isolated === "" ? "" : `, isolated: ${isolated}`}`,
    ...troubled.map(({ name, reason = "", restarts, state }) => `  ${name} ${state} (${restarts} restarts) ${reason}`)
  ]
}

interface Asked {
  readonly lease: Lease
  readonly leads: boolean
  readonly answer: Option.Option<ServerStatus>
}

/** Every API server, by its own address, if there are several; who leads first. */
const servers = Effect.fnUntraced(function* (target: Target) {
  const client = yield* Client
  const { namespace, selector } = ApiServers
  const leases = yield* client.list(Lease, { namespace, labelSelector: selector })
  const leader = Option.getOrUndefined(yield* client.find(Lease, { namespace, name: leadership }))
  if (leases.length < 2) return []
  return yield* Effect.forEach(
    leases,
    Effect.fnUntraced(function* (lease) {
      const address = ApiServers.addressOf(lease)
      const own = { ...target, server: `https://${address?.ip}:${address?.port}` }
      const answer = address === undefined ? Option.none() : yield* Effect.timeoutOption(ask(own), "1 second")
      const leads = leader?.spec.holderIdentity === `${lease.spec.holderIdentity}_${address?.port}`
      return { lease, leads, answer: Option.flatten(answer) } satisfies Asked
    }),
    { concurrency: "unbounded" }
  )
})

const memberLine = ({ answer, leads, lease }: Asked) => {
  const address = ApiServers.addressOf(lease)
  const state = Option.match(answer, {
    onNone: () => `DOES NOT ANSWER, was last heard of at ${lease.spec.renewTime}`,
    onSome: ({ store }) => (store.following ? "ready" : "NOT READY: the store is away")
  })
  return `server    ${lease.spec.holderIdentity} at ${address?.ip}:${address?.port} ${state}${leads ? ", leads" : ""}`
}

const lines = Effect.fnUntraced(function* (target: Target) {
  const client = yield* Client
  const all = Effect.all([client.list(Node), client.list(Pod), servers(target)], { concurrency: 3 })
  const [nodes, pods, members] = yield* all
  // Of several the same one is shown each time, as long as it leads.
  const shown = members.toSorted((a, b) => Number(b.leads) - Number(a.leads)).find(({ answer }) => Option.isSome(answer))
  const server = shown === undefined ? yield* ask(target) : shown.answer
  return [
    ...Option.match(server, { onNone: () => [], onSome: serverLines }),
    ...members.map(memberLine),
    ...nodes.map(nodeLine(pods)),
    podLine(pods)
  ]
})

/** Every heartbeat has a revision: that one alone is no news. */
const newsOf = (line: string) => line.replace(/, at revision \d+/, "")

/** Over what was there before where there is a terminal; otherwise only the lines that are new. */
const show = (before: { lines: ReadonlyArray<string> }) => (all: ReadonlyArray<string>) =>
  Effect.suspend(() => {
    const old = new Set(before.lines.map(newsOf))
    const shown = process.stdout.isTTY ? all : all.filter((line) => !old.has(newsOf(line)))
    const up = process.stdout.isTTY && before.lines.length > 0 ? `\u001b[${before.lines.length}A\u001b[J` : ""
    const isSame = all.join("\n") === before.lines.join("\n")
    before.lines = all
    return isSame || shown.length === 0 ? Effect.void : Console.log(`${up}${shown.join("\n")}`)
  })

export const run = Effect.fn("Status.run")(function* ({ kubeconfig }: Paths, watch: boolean) {
  const files = yield* FileSystem.FileSystem
  if (!(yield* Effect.orElseSucceed(files.exists(kubeconfig), () => false))) {
    return yield* new NoCluster({
      message: `there is no ${kubeconfig}: start the cluster first (keelson up), or name its --data-dir`
    })
  }
  const print = show({ lines: [] })
  const target = yield* Effect.mapError(Kubeconfig.read(kubeconfig), ({ message }) => new NoCluster({ message }))
  const once = Effect.flatMap(lines(target), print)
  const shown = watch
    ? Effect.ignore(once).pipe(Effect.repeat(Schedule.spaced("1 second")), Effect.asVoid)
    : Effect.mapError(once, ({ message }) => new NoCluster({ message: `the API does not answer: ${message}` }))
  yield* Effect.provide(shown, Layer.provide(ApiClient.layer, Https.layer({ ...target, userAgent: "keelson" })))
})
