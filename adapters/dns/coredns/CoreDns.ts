/**
 * The real CoreDNS as the server of the cluster's names on a node: a child with a Corefile and a kubeconfig that we write, on the
 * same addresses as the built-in server, before or after which it can come without a gap.
 */
import { Effect, Layer, Schedule, Schema } from "effect"
import { mkdirSync, renameSync, rmSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { freePort } from "../../../kernel/FreePort.ts"
import * as Plugin from "../../../kernel/plugin/Plugin.ts"
import { kubeconfig } from "../../../plugins/certificates/contracts/Kubeconfig.ts"
import * as Addresses from "../../../plugins/dns/contracts/Addresses.ts"
import { ClusterDns } from "../../../plugins/dns/contracts/ClusterDns.ts"
import * as Resolv from "../../../plugins/dns/contracts/Resolv.ts"
import * as Program from "../../Program.ts"
import * as Corefile from "./Corefile.ts"
import * as Process from "./Process.ts"

export interface Options {
  /** Put on `lo` while it runs, unless it is a loopback address anyway. A node of two families has one of each. */
  readonly address: string | ReadonlyArray<string>
  readonly domain: string
  /** Who is asked for all other names. Absent: the servers of this machine's resolv.conf. */
  readonly upstream?: ReadonlyArray<string>
  readonly port?: number
  /** Where its files lie. */
  readonly directory: string
  /** The cluster's API and who it is there; PEM texts. */
  readonly api: { readonly server: string; readonly ca: string; readonly cert: string; readonly key: string }
  /** Where its figures are told, such as `127.0.0.1:9153`. */
  readonly metrics?: string
  /** Absent: `coredns` on the PATH, or what `npm run parts` has built. */
  readonly program?: string
}

export class CoreDnsMissing extends Schema.TaggedError<CoreDnsMissing>()("CoreDnsMissing", {}) {
  override get message() {
    return "there is no coredns on this machine: install it on the PATH, or build it with `npm run parts -- coredns` (needs Go)"
  }
}

const resolvConf = "/etc/resolv.conf"
const addressesOf = ({ address }: Options) => (typeof address === "string" ? [address] : address)

/** Whole or not at all: CoreDNS may read it at any time. */
const write = (path: string, text: string) =>
  Effect.sync(() => {
    writeFileSync(`${path}.new`, text, { mode: 0o600 })
    renameSync(`${path}.new`, path)
  })

const users = new Map<string, number>()

/** They go with the last that uses the folder: one CoreDNS may follow another in it. */
const filesIn = (directory: string, files: ReadonlyArray<string>) =>
  Effect.acquireRelease(
    Effect.sync(() => {
      mkdirSync(directory, { recursive: true, mode: 0o700 })
      users.set(directory, (users.get(directory) ?? 0) + 1)
    }),
    () =>
      Effect.sync(() => {
        const left = (users.get(directory) ?? 1) - 1
        users.set(directory, left)
        if (left > 0) return
        users.delete(directory)
        for (const file of files) rmSync(file, { force: true })
      })
  )

const upstream = (options: Options) =>
  options.upstream === undefined ? Resolv.read(resolvConf, addressesOf(options)) : Effect.succeed(options.upstream)

const isReady = (at: string) =>
  Effect.tryPromise(() => fetch(`http://${at}/ready`)).pipe(
    Effect.timeout("2 seconds"),
    Effect.map(({ ok }) => ok),
    Effect.orElseSucceed(() => false)
  )

const serve = Effect.fn("CoreDns.serve")(function* (options: Options) {
  const { api, directory, domain, metrics, port = 53 } = options
  const addresses = addressesOf(options)
  const program = options.program ?? Program.find("coredns")
  if (program === undefined) return yield* new CoreDnsMissing()
  const [config, corefile] = [join(directory, "kubeconfig"), join(directory, "Corefile")]
  yield* filesIn(directory, [config, corefile])
  yield* write(config, kubeconfig({ ...api, user: "dns" }))
  const ready = `127.0.0.1:${yield* freePort}`
  const about = (servers: ReadonlyArray<string>) => {
    const settings = { addresses, port, domain, kubeconfig: config, upstream: servers, ready }
    return Corefile.text(metrics === undefined ? settings : { ...settings, metrics })
  }
  let text = about(yield* upstream(options))
  yield* write(corefile, text)
  yield* Effect.forEach(addresses, (address) => Addresses.hold(address, port), { discard: true })
  const process = yield* Process.supervise({ program, corefile, log: join(directory, "coredns.log") })

  /** The machine's own servers may change; CoreDNS goes on with its sockets when it reads its Corefile again. */
  const follow = Effect.gen(function* () {
    const now = about(yield* upstream(options))
    if (now === text) return
    yield* write(corefile, (text = now))
    yield* process.signal("SIGUSR1")
  })
  yield* Effect.forkScoped(Effect.repeat(follow, Schedule.spaced("30 seconds")))
  return { process, ready, where: addresses.map((address) => Addresses.endpoint(address, port)) }
})

const service = Effect.fnUntraced(function* (options: Options) {
  const { process, ready, where } = yield* serve(options)
  return ClusterDns.of({
    describe: () => Effect.succeed({ name: "coredns", version: process.version, addresses: where, domain: options.domain }),
    health: () =>
      Effect.gen(function* () {
        const { isServing, reason, restarts } = yield* process.state
        const isWell = isServing && (yield* isReady(ready))
        return { ready: isWell, detail: isWell ? "" : reason || "it does not say that it is ready", restarts }
      })
  })
})

export const layer = (options: Options) => Layer.effect(ClusterDns, service(options))

/** Beside another plugin of `ClusterDns` at the same address it takes over from that one, without a gap. */
export const plugin = (options: Options) => Plugin.make({ name: "dns", offers: [ClusterDns], layer: layer(options) })
