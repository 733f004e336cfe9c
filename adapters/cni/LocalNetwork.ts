/**
 * The part of a network that is on the node itself, by CNI's own programs: a bridge, addresses of the node's ranges, host ports. How
 * Pods of other nodes are reached is added to it: routes (`bridge`), tunnels (`flannel`). It is the same whatever is added, so that
 * one takes the place of another under running Pods.
 */
import { Effect, Option } from "effect"
import { Unavailable } from "../../kernel/plugin/Contract.ts"
import { NetworkFull, NetworkRefused } from "../../plugins/kubelet/contracts/NetworkAttachment.ts"
import { NetworkConfiguration } from "../../plugins/kubelet/contracts/NetworkConfiguration.ts"
import * as Program from "../Program.ts"
import * as AgentProgram from "./AgentProgram.ts"
import * as Attachments from "./Attachments.ts"
import * as Chain from "./Chain.ts"
import * as Cni from "./Cni.ts"
import * as Conflist from "./Conflist.ts"
import * as Folders from "./Folders.ts"
import * as Leftovers from "./Leftovers.ts"
import * as Local from "./Local.ts"
import * as Masquerade from "./Masquerade.ts"
import * as Pool from "./Pool.ts"
import * as Range from "./Range.ts"
import * as Switches from "./Switches.ts"

export interface Options extends Conflist.Options {
  /** Where CNI's programs lie. Absent: where the machine has them. */
  readonly programs?: ReadonlyArray<string>
}

const failed = (contract: { readonly key: string }) => (cause: unknown) =>
  new Unavailable({ contract: contract.key, applied: "unknown", cause })

/** The range that has no address left, if that is why a Pod got none. */
const fullOf = (directory: string, list: Cni.NetworkList) => {
  const pool = Local.poolIn(directory)
  const ranges = Conflist.rangesOf(list).flatMap((cidr) => Range.make(cidr) ?? [])
  const full = ranges.find((range) => Pool.used(pool, range) >= Range.sizeOf(range))
  if (full === undefined) return undefined
  const [size, used] = [Range.sizeOf(full), Pool.used(pool, full)]
  return new NetworkFull({ network: list.name, range: full.cidr, size, used })
}

const attachments = (options: Options, programs: ReadonlyArray<string>) => {
  const { directory } = options
  const current = Effect.sync(() => Local.last(directory))
  /** Programs are asked once for the versions that they speak. */
  const spoken = new Map<string, string>()
  const versionOf = Effect.fnUntraced(function* (list: Cni.NetworkList) {
    const key = Chain.typesOf(list).join()
    const version = spoken.get(key) ?? (yield* Chain.negotiate(programs, list))
    spoken.set(key, version)
    return version
  })
  const refused = ({ code, message }: Pick<Cni.CniError, "code" | "message">) =>
    new NetworkRefused({ network: Local.network, code, message })

  return Attachments.make(
    { directory, programs },
    {
      name: "bridge",
      prepare: Effect.fnUntraced(function* (asked) {
        const last = yield* current
        if (Option.isNone(last)) return yield* refused({ code: Cni.codes.tryAgainLater, message: Conflist.unconfigured })
        const list = Conflist.forPod(last.value, asked)
        const version = yield* Effect.mapError(versionOf(list), refused)
        return { cni: { list, version, capabilities: Conflist.capabilities(asked), args: Conflist.argsOf(asked) } }
      }),
      add: (record) =>
        Effect.suspend(() => {
          const { cni } = record
          if (cni === undefined) return Effect.die("a record of this network has its list")
          return Effect.mapError(
            Chain.add(programs, record, cni),
            (error) => (/no IP addresses available/.test(error.message) ? fullOf(directory, cni.list) : undefined) ?? error
          )
        }),
      del: (record) => (record.cni === undefined ? Effect.void : Chain.del(programs, record, record.cni)),
      check: (record) => (record.cni === undefined ? Effect.void : Chain.check(programs, record, record.cni)),
      gc: Effect.fnUntraced(function* (valid) {
        const last = yield* current
        if (Option.isSome(last)) yield* Chain.gc(programs, Conflist.forUs(last.value), valid)
      }),
      status: Effect.gen(function* () {
        const last = yield* current
        if (Option.isNone(last)) return { ready: false, limited: false, message: Conflist.unconfigured }
        const problem = yield* Effect.option(Effect.flip(Chain.status(programs, Conflist.forUs(last.value))))
        if (Option.isNone(problem)) return { ready: true, limited: false, message: "" }
        return { ready: false, limited: problem.value.code === Cni.codes.limited, message: problem.value.message }
      })
    }
  )
}

const configuration = Effect.fnUntraced(function* (options: Options, programs: ReadonlyArray<string>) {
  const { bridge = "keelson0", directory } = options
  const attempt = <A>(run: () => A) => Effect.try({ try: run, catch: failed(NetworkConfiguration) })
  const note = Effect.mapError(Switches.note(directory), failed(NetworkConfiguration))

  /** Before the first Pod comes: its program would leave the link's switches as they are. */
  const link = Effect.gen(function* () {
    yield* Effect.ignore(Program.run("ip", ["link", "add", bridge, "type", "bridge"]))
    yield* attempt(() => {
      Switches.dontAsk(bridge)
      Switches.answerFor(bridge)
    })
  })

  // Already now, because others switch the same on. Who cannot tell yet is asked again when it matters.
  yield* Effect.ignore(note)
  return NetworkConfiguration.of({
    write: Effect.fn("network.write")(function* (network) {
      yield* note
      const { clusterCidrs = [], folder, podCidrs } = network
      yield* attempt(() => {
        Switches.on([...new Set(podCidrs.map(Range.familyOf))])
        // Runtimes look there, and it went with all the rest if the configuration was removed before.
        AgentProgram.folder(directory, programs)
        const text = Conflist.textOf(Conflist.forRuntimes(options, network))
        Local.remember(directory, text)
        Leftovers.noteLink(directory, bridge)
        Folders.write(directory, folder, text)
      })
      yield* link
      yield* Effect.mapError(Masquerade.set(podCidrs, clusterCidrs), failed(NetworkConfiguration))
    }),
    remove: Effect.fn("network.remove")(function* ({ folder }) {
      if (!(yield* attempt(() => Folders.remove(directory, folder)))) return
      yield* Effect.ignore(Program.run("ip", ["link", "delete", bridge]))
      yield* Local.tearDown(directory)
    })
  })
})

/** Both contracts of one node. What they made stays when they end, for Pods outlive the agent: `remove` takes it back. */
export const make = Effect.fnUntraced(function* (options: Options) {
  const programs = Cni.programsOf(options.programs)
  return {
    configuration: yield* configuration(options, programs),
    attachment: yield* attachments(options, programs)
  }
})
