/**
 * `NetworkAttachment` for every network of a node, whatever makes the links: attachments are noted before they are made, one Pod is
 * worked on by one call at a time, what failed half way is taken back before it is tried again, and deletion always succeeds.
 */
import { Effect, Exit, Option, Schedule, Semaphore } from "effect"
import { existsSync } from "node:fs"
import { isIP } from "node:net"
import { join } from "node:path"
import type { Unavailable } from "../../kernel/plugin/Contract.ts"
import {
  NetworkAttachment,
  type NetworkFull,
  NetworkRefused,
  NotAttached,
  type Result
} from "../../plugins/kubelet/contracts/NetworkAttachment.ts"
import { type CniError, codes } from "./Cni.ts"
import * as Chain from "./Chain.ts"
import * as Local from "./Local.ts"
import * as Pool from "./Pool.ts"
import * as Records from "./Records.ts"

type Service = NetworkAttachment["Service"]
export type Asked = Parameters<Service["attach"]>[0]
export type Status = Effect.Success<ReturnType<Service["status"]>>

/** What a network does itself. `del` is asked also for what was made by half, and may be asked again. */
export interface Network {
  readonly name: string
  /** What has to be noted besides, so that it can be taken back. */
  readonly prepare: (asked: Asked) => Effect.Effect<Pick<Records.Record, "cni">, NetworkRefused | Unavailable>
  readonly add: (record: Records.Record, asked: Asked) => Effect.Effect<Result, CniError | NetworkFull | Unavailable>
  readonly del: (record: Records.Record) => Effect.Effect<void, CniError>
  readonly check: (record: Records.Record) => Effect.Effect<void, CniError>
  readonly status: Effect.Effect<Status>
  /** Told all that is still attached, by whomever, to look for what is left of others. */
  readonly gc?: (valid: ReadonlyArray<Records.Key>) => Effect.Effect<void, CniError>
}

export interface Options {
  /** Of the node: the same for all its networks. */
  readonly directory: string
  readonly programs: ReadonlyArray<string>
}

export const recordsIn = (directory: string) => join(directory, "attachments")

/** Of the Pod's own interfaces, the first of each family. */
export const addressesOf = ({ interfaces = [], ips = [] }: Result) => {
  const own = ips.filter(({ interface: index }) => index === undefined || (interfaces[index]?.sandbox ?? "") !== "")
  const plain = own.map(({ address }) => address.split("/")[0] ?? "")
  return plain.filter((address, index) => plain.findIndex((other) => isIP(other) === isIP(address)) === index)
}

/** What CNI calls a container id: anything else never reaches a program or a file. */
const isId = (text: string) => /^[A-Za-z0-9][A-Za-z0-9_.-]*$/.test(text)
const isInterface = (text: string) => /^[^\s/:]{1,15}$/.test(text) && text !== "." && text !== ".."

const locks = () => {
  const held = new Map<string, { readonly one: Semaphore.Semaphore; users: number }>()
  return (key: string) =>
    <A, E, R>(effect: Effect.Effect<A, E, R>) =>
      Effect.suspend(() => {
        const lock = held.get(key) ?? { one: Semaphore.makeUnsafe(1), users: 0 }
        held.set(key, lock)
        lock.users++
        const done = Effect.sync(() => {
          if (--lock.users === 0) held.delete(key)
        })
        return Effect.ensuring(lock.one.withPermits(1)(effect), done)
      })
}

export const make = Effect.fnUntraced(function* ({ directory, programs }: Options, network: Network) {
  const folder = recordsIn(directory)
  const lock = locks()
  const keyOf = ({ interface: name = "eth0", pod }: { readonly pod: string; readonly interface?: string }) => ({
    pod,
    interface: name
  })
  const alone = (key: Records.Key) => lock(`${key.pod} ${key.interface}`)
  const refused = (code: number, message: string) => new NetworkRefused({ network: network.name, code, message })
  const gone = (key: Records.Key, message: string) => new NotAttached({ network: network.name, pod: key.pod, message })

  /** Also when the node's network is another by now: CNI programs take back what they did, and the interface goes. */
  const undo = (record: Records.Record) => {
    if (record.network === network.name) return network.del(record)
    const programmed = record.cni === undefined ? Effect.void : Chain.del(programs, record, record.cni)
    return Effect.andThen(programmed, Effect.andThen(Local.unlink(record), Local.unroute(record)))
  }
  /** What nobody but us knows how to free is freed in any case; the rest is tried again by who comes next. */
  const takeBack = Effect.fnUntraced(function* (record: Records.Record) {
    const undone = yield* Effect.exit(undo(record))
    yield* Local.free(directory, record)
    if (Exit.isSuccess(undone)) return yield* Records.remove(folder, record)
    yield* Effect.logWarning(`the network of ${record.pod} could not be taken back whole`, undone.cause)
    yield* Local.unlink(record)
    yield* Records.put(folder, { ...record, state: "deleting" })
  })

  const attach = Effect.fnUntraced(function* (asked: Asked) {
    const key = keyOf(asked)
    if (!isId(key.pod)) return yield* refused(codes.invalidEnvironment, `CNI_CONTAINERID ${key.pod} is no container id`)
    if (!isInterface(key.interface))
      return yield* refused(codes.invalidEnvironment, `CNI_IFNAME ${key.interface} is no name of an interface`)
    const found = Option.getOrUndefined(yield* Records.find(folder, key))
    if (found?.state === "added" && found.namespace === asked.namespace) {
      const result = yield* Effect.option(Effect.andThen(verify(found), Chain.resultOf(found)))
      if (Option.isSome(result)) return { addresses: addressesOf(result.value), result: result.value }
    }
    if (found !== undefined) yield* takeBack(found)
    const { namespace, runtime } = asked
    const prepared = yield* network.prepare(asked)
    const record: Records.Record = { state: "adding", network: network.name, runtime, namespace, ...key, ...prepared }
    yield* Records.put(folder, record)
    const result = yield* network.add(record, asked).pipe(
      Effect.tapError(() => takeBack(record)),
      Effect.catchTag("CniError", ({ code, message }) => Effect.fail(refused(code, message)))
    )
    yield* Records.put(folder, { ...record, state: "added", result })
    return { addresses: addressesOf(result), result }
  })

  const verify = (record: Records.Record) => {
    if (record.network === network.name) return network.check(record)
    return record.cni === undefined ? Local.isLinked(record) : Chain.check(programs, record, record.cni)
  }
  const detach = Effect.fnUntraced(function* (key: Records.Key, namespace = "") {
    const found = Option.getOrUndefined(yield* Records.find(folder, key))
    yield* found === undefined ? Local.foreign(directory, programs, key, namespace) : takeBack(found)
  })

  /** Those whose namespace is gone, and those that were not taken back whole. */
  const isLeft = ({ namespace, state }: Records.Record) => state === "deleting" || !existsSync(namespace)
  const left = Effect.flatMap(Records.all(folder), (records) =>
    Effect.forEach(records.filter(isLeft), (record) => alone(record)(detach(record)), { concurrency: 4, discard: true })
  )
  yield* Effect.forkScoped(Effect.repeat(left, Schedule.spaced("30 seconds")))

  return NetworkAttachment.of({
    attach: (asked) => alone(keyOf(asked))(attach(asked)).pipe(Effect.withSpan("network.attach")),
    detach: (of) => alone(keyOf(of))(detach(keyOf(of), of.namespace)).pipe(Effect.withSpan("network.detach")),
    check: Effect.fn("network.check")(function* (of) {
      const key = keyOf(of)
      const found = Option.getOrUndefined(yield* Records.find(folder, key))
      if (found?.state !== "added") return yield* gone(key, `${key.pod} is not attached`)
      if (found.namespace !== of.namespace)
        return yield* gone(key, `${key.pod} is attached by ${found.namespace}, not by ${of.namespace}`)
      yield* Effect.mapError(verify(found), ({ message }) => gone(key, message))
    }),
    status: () => network.status,
    gc: Effect.fn("network.gc")(function* ({ runtime, valid }) {
      const keep = new Set(valid.map(keyOf).map((key) => `${key.pod} ${key.interface}`))
      const records = yield* Records.all(folder)
      const others = records.filter((record) => record.runtime === runtime && !keep.has(`${record.pod} ${record.interface}`))
      yield* Effect.forEach(others, (record) => alone(record)(detach(record)), { concurrency: 4, discard: true })
      yield* left
      if (network.gc === undefined) return
      const attached = [...(yield* Records.all(folder)), ...Pool.entries(Local.poolIn(directory))]
      const told = network.gc(attached.map(({ interface: name, pod }) => ({ pod, interface: name })))
      yield* Effect.catch(told, (error) => Effect.logWarning("a CNI plugin did not collect its garbage", error))
    })
  })
})
