/** `keelson agent`: a node of the cluster on this machine, or one of several; or a node of a cluster elsewhere. */
import { Effect, Layer, Option, Schema } from "effect"
import * as ApiAddresses from "./ApiAddresses.ts"
import * as Join from "./Join.ts"
import * as JoinedNode from "./JoinedNode.ts"
import * as Keys from "./Keys.ts"
import * as Machine from "./Machine.ts"
import * as Members from "./Members.ts"
import * as Node from "./Node.ts"
import * as Paths from "./Paths.ts"
import * as Processes from "./Processes.ts"
import * as Servers from "./Servers.ts"
import type { Settings } from "./Settings.ts"
import * as Supervise from "./Supervise.ts"

export class NoSuchMember extends Schema.TaggedError<NoSuchMember>()("NoSuchMember", { message: Schema.String }) {}

export class AlreadyRunning extends Schema.TaggedError<AlreadyRunning>()("AlreadyRunning", { message: Schema.String }) {}

/** What a node of this machine has of its own. */
export const own = (
  cluster: Settings,
  { ca, dns, further, ingress, kubeProxy, volumes, ...first }: Keys.Keys,
  { index, name }: Members.Member
) => {
  const pairs = further[index - 2]
  const { kubelet, kubeletServing } = pairs ?? first
  const [server = "", ...others] = Servers.addresses(
    cluster,
    pairs === undefined ? "127.0.0.1" : Members.apiAddress(cluster)
  )
  const as = ({ cert, key }: Keys.Keys["ca"]) =>
    Effect.succeed({
      server,
      ...(others.length > 0 && { others: () => others }),
      ca: ca.cert,
      clientCertificate: cert,
      clientKey: key
    })
  return {
    access: {
      kubelet: as(kubelet),
      kubeProxy: as(kubeProxy),
      dns: as(dns),
      ingress: as(ingress),
      volumes: as(volumes)
    },
    serving: { tls: { ...kubeletServing, clientCa: ca.cert } },
    ...(pairs === undefined ? {} : { cgroupRoot: Members.cgroupOf(name) })
  }
}

/** A node, until this is interrupted, or its supervisor is gone. Pods outlive it unless `remove` says otherwise. */
const serve = Effect.fnUntraced(function* (
  settings: Settings,
  paths: Paths.Paths,
  remove: boolean,
  own: Pick<Node.Options, "access" | "serving" | "cgroupRoot">
) {
  yield* Machine.runtimes(settings)
  const hollow = Machine.isHollow(settings)
  if (hollow)
    yield* Effect.logInfo(
      `this node is hollow, Pods live without containers: ${Machine.missing(settings).join(", ") || "--runtime hollow"}`
    )
  yield* Layer.build(Node.node({ settings, paths, hollow, stop: remove ? "remove" : "keep", ...own }))
  yield* Supervise.orphaned
  // The supervisor was killed, and this ends as if it had been killed too: Pods stay for whoever is started next.
  yield* Effect.sync(() => process.exit(1))
})

const local = Effect.fnUntraced(function* (cluster: Settings, index: number, remove: boolean) {
  const member = Members.all(cluster)[index - 1]
  if (member === undefined)
    return yield* new NoSuchMember({ message: `--member ${index}: there are ${cluster.nodes} nodes` })
  const settings = Members.settingsOf(cluster, member)
  const paths = Paths.make(settings.dataDir, member.name)
  yield* Machine.directory(paths.node)
  const keys = yield* Keys.open(cluster, paths)
  yield* serve(settings, paths, remove, own(cluster, keys, member))
})

/** Of a cluster that runs elsewhere: whose, and by which credentials. */
export interface Elsewhere {
  /** Absent: what a join before has learned. */
  readonly join?: Join.Given
  readonly kubeconfig?: string
}

const claim = Effect.fnUntraced(function* ({ root, run }: Paths.Paths) {
  const running = yield* Processes.find(run, "agent")
  if (Option.isSome(running)) {
    const message = `an agent already runs on ${root} (process ${running.value.pid}): stop it, or name another --data-dir`
    return yield* new AlreadyRunning({ message })
  }
  yield* Processes.record(run, "agent", process.pid)
})

const distant = Effect.fnUntraced(function* (given: Settings, { join, kubeconfig }: Elsewhere, remove: boolean) {
  const paths = Paths.make(given.dataDir, given.nodeName)
  yield* Machine.directory(paths.node)
  yield* claim(paths)
  if (kubeconfig !== undefined) {
    return yield* serve(given, paths, remove, yield* JoinedNode.byKubeconfig(given, kubeconfig))
  }
  const joined = yield* Join.open(given, join)
  const settings = { ...given, ...joined.config }
  const { follow, others } = yield* ApiAddresses.open(settings)
  const own = yield* JoinedNode.own(settings, joined, { others, token: join?.token || undefined })
  yield* follow(own.access.kubeProxy)
  yield* serve(settings, paths, remove, own)
})

/** Of the cluster that runs here; or, if credentials are given or were before, of one that runs elsewhere. */
export const run = Effect.fn("Agent.run")(function* (
  settings: Settings,
  {
    elsewhere,
    index,
    remove
  }: { readonly index: number; readonly remove: boolean | undefined; readonly elsewhere: Elsewhere }
) {
  const isGiven = elsewhere.join !== undefined || elsewhere.kubeconfig !== undefined
  const isElsewhere = isGiven || Option.isSome(yield* Join.known(settings))
  // A supervisor decides for its agents; who starts one by hand ends a node by ending it.
  if (isElsewhere) yield* distant(settings, elsewhere, remove ?? true)
  else yield* local(settings, index, remove ?? false)
}, Effect.scoped)
