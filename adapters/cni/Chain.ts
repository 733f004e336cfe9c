/**
 * Executes the CNI programs of a network configuration list, as a runtime of the specification 1.1 does: one after another on ADD,
 * each with the result of the one before; in reverse on DEL. Nothing is kept here: what DEL and CHECK need stands in the record.
 */
import { Effect, Schedule, Schema } from "effect"
import { existsSync } from "node:fs"
import type { Result } from "../../plugins/kubelet/contracts/NetworkAttachment.ts"
import * as Cni from "./Cni.ts"
import type { Key, Record } from "./Records.ts"

/** What of a list is noted with an attachment. */
export type Used = NonNullable<Record["cni"]>

/** The versions that we speak, the newest last. Older ones write results that nobody needs any more. */
const spoken = ["0.3.1", "0.4.0", "1.0.0", "1.1.0"]
const isSince = (version: string, since: string) => spoken.indexOf(version) >= spoken.indexOf(since)

const failed = (plugin: string, command: Cni.Command, code: number, msg: string) =>
  new Cni.CniError({ plugin, command, code, msg, details: "" })

const Delegate = Schema.Struct({ type: Schema.String })
const delegateOf = Schema.decodeUnknownOption(Schema.Struct({ ipam: Delegate }))

/** The programs of a list, with those that they execute themselves. */
export const typesOf = ({ plugins }: Cni.NetworkList) => [
  ...new Set(
    plugins.flatMap((plugin) => {
      const delegate = delegateOf(plugin)
      return delegate._tag === "Some" ? [plugin.type, delegate.value.ipam.type] : [plugin.type]
    })
  )
]

/** The newest version that the list, its programs and we have in common. */
export const negotiate = Effect.fnUntraced(function* (programs: Cni.Programs, list: Cni.NetworkList) {
  const wanted = [...(list.cniVersions ?? []), ...(list.cniVersion === undefined ? [] : [list.cniVersion])]
  const types = typesOf(list)
  const supported = yield* Effect.forEach(types, (type) => Cni.versions(programs, type), { concurrency: "unbounded" })
  const common = spoken.filter((version) => wanted.includes(version) && supported.every((all) => all.includes(version)))
  const newest = common.at(-1)
  if (newest !== undefined) return newest
  const says = types.map((type, index) => `${type} speaks ${supported[index]?.join(", ")}`).join("; ")
  const msg = `network ${list.name} is for CNI ${wanted.join(", ")}, we speak ${spoken.join(", ")}, ${says}`
  return yield* failed(list.name, "VERSION", Cni.codes.incompatibleVersion, msg)
})

/** The configuration that a program gets: what it declares of the capabilities, and nothing else. */
export const configurationOf = (
  { capabilities, list, version }: Pick<Used, "capabilities" | "list" | "version">,
  { capabilities: declared = {}, ...plugin }: Cni.PluginConfig,
  prevResult?: Schema.Json
): Schema.Json => {
  const arguments_ = Object.entries(capabilities).filter(([name]) => declared[name] === true)
  return {
    ...plugin,
    name: list.name,
    cniVersion: version,
    ...(arguments_.length > 0 && { runtimeConfig: Object.fromEntries(arguments_) }),
    ...(prevResult !== undefined && { prevResult })
  }
}

const attachmentOf = (
  { interface: ifname, namespace: netns, pod: containerId }: Record,
  { args }: Used
): Cni.Attachment => ({
  containerId,
  netns,
  ifname,
  args
})

const decoded = (plugin: string, text: string) =>
  Effect.mapError(Cni.decodeJson(text), ({ message }) => failed(plugin, "ADD", Cni.codes.notDecoded, message))

/** ADD. It begins with the record's result, if there is one, and returns what the last program wrote. */
export const add = Effect.fn("chain.add")(function* (programs: Cni.Programs, record: Record, used: Used) {
  let { result } = record
  for (const plugin of used.list.plugins) {
    const input = configurationOf(used, plugin, result)
    const text = yield* Cni.execute(programs, plugin.type, "ADD", input, attachmentOf(record, used))
    result = yield* decoded(plugin.type, text)
  }
  return yield* Effect.mapError(Cni.decodeResult(result), ({ message }) =>
    failed(used.list.name, "ADD", Cni.codes.notDecoded, message)
  )
})

/** The result that stands in the record. */
export const resultOf = ({ network, result }: Record): Effect.Effect<Result, Cni.CniError> =>
  Effect.mapError(Cni.decodeResult(result), ({ message }) => failed(network, "ADD", Cni.codes.notDecoded, message))

/** A program may be in another one's way for a moment: iptables has one lock for all. */
const again = { schedule: Schedule.spaced("200 millis"), times: 2 }

/** DEL, in reverse. One that fails holds up no other. */
export const del = Effect.fn("chain.del")(function* (programs: Cni.Programs, record: Record, used: Used) {
  const namespace = existsSync(record.namespace) ? record.namespace : ""
  const attachment = attachmentOf({ ...record, namespace }, used)
  const failures = yield* Effect.forEach(used.list.plugins.toReversed(), (plugin) => {
    const input = configurationOf(used, plugin, record.result)
    return Cni.execute(programs, plugin.type, "DEL", input, attachment).pipe(Effect.retry(again), Effect.flip, Effect.option)
  })
  const first = failures.flatMap((failure) => (failure._tag === "Some" ? [failure.value] : []))[0]
  if (first !== undefined) return yield* first
})

/** portmap looked for an IPv6 address's rules where a Pod has none, until about when programs began to speak 1.1. */
const isSpurious = ({ type }: Cni.PluginConfig, version: string) => type === "portmap" && !isSince(version, "1.1.0")

/** CHECK, where the version has it and the list does not forbid it. */
export const check = Effect.fn("chain.check")(function* (programs: Cni.Programs, record: Record, used: Used) {
  if (!existsSync(record.namespace))
    return yield* failed(used.list.name, "CHECK", Cni.codes.other, `there is no namespace ${record.namespace}`)
  if (used.list.disableCheck === true || !isSince(used.version, "0.4.0")) return
  for (const plugin of used.list.plugins.filter((plugin) => !isSpurious(plugin, used.version))) {
    const input = configurationOf(used, plugin, record.result)
    yield* Cni.execute(programs, plugin.type, "CHECK", input, attachmentOf(record, used))
  }
})

/** STATUS, where the version has it; before, that the programs are there is all that can be known. */
export const status = Effect.fn("chain.status")(function* (programs: Cni.Programs, list: Cni.NetworkList) {
  const version = yield* negotiate(programs, list)
  if (!isSince(version, "1.1.0")) return
  for (const plugin of list.plugins) {
    const input = configurationOf({ list, version, capabilities: {} }, plugin)
    yield* Cni.execute(programs, plugin.type, "STATUS", input)
  }
})

/** GC, where the version has it and the list does not forbid it: every program is told what is still valid. */
export const gc = Effect.fn("chain.gc")(function* (
  programs: Cni.Programs,
  list: Cni.NetworkList,
  valid: ReadonlyArray<Key>
) {
  const version = yield* negotiate(programs, list)
  if (list.disableGC === true || !isSince(version, "1.1.0")) return
  const attachments = valid.map(({ interface: ifname, pod: containerID }) => ({ containerID, ifname }))
  for (const plugin of list.plugins) {
    const input = configurationOf(
      { list, version, capabilities: {} },
      { ...plugin, "cni.dev/valid-attachments": attachments }
    )
    yield* Cni.execute(programs, plugin.type, "GC", input)
  }
})
