/**
 * Makes a runtime that does not call CNI itself fit: to the kubelet it is one whose `network` is `runtime`. Here the Pod's network namespace
 * is made (`given`) or taken from the runtime (`made`), pinned in the node's folder, attached through `NetworkAttachment`, and taken
 * back when the Pod stops. A Pod whose agent was killed is found again; what belongs to no Pod is taken back at the start and later on.
 */
import { Cause, Effect, Exit, Layer, Schedule, Semaphore } from "effect"
import { rmSync } from "node:fs"
import { join } from "node:path"
import { ContainerRuntime, NetworkUnsupported, PodRefused, type PodStatus } from "../contracts/ContainerRuntime.ts"
import { NetworkAttachment } from "../contracts/NetworkAttachment.ts"
import * as Attachments from "./Attachments.ts"
import { keyOf } from "./Attachments.ts"
import * as Namespaces from "./Namespaces.ts"

export interface Options {
  /** Where the namespaces of this runtime's Pods are pinned. */
  readonly directory: string
  /** What becomes of the Pods when the scope ends, unless it ends by a failure. Absent: they are kept. */
  readonly stop?: "keep" | "remove"
  /** Absent: those of this machine. */
  readonly namespaces?: Namespaces.Namespaces
}

type Runtime = ContainerRuntime["Service"]
type PodConfig = Parameters<Runtime["startPod"]>[0]

/** What was left behind while this runs is looked for this often. */
const tidyEvery = "1 minute"
/** So many Pods are attached at once. */
const atOnce = 64

/** Not an end by a failure: of that whoever starts next shall find the Pods as they are. */
const isIntended = (exit: Exit.Exit<unknown, unknown>) => Exit.isSuccess(exit) || Cause.hasInterruptsOnly(exit.cause)

const make = Effect.fnUntraced(function* ({ directory, namespaces = Namespaces.machine, stop = "keep" }: Options) {
  const runtime = yield* ContainerRuntime
  const network = yield* NetworkAttachment
  const attachments = yield* Attachments.open(directory)
  const { name, network: kind } = yield* runtime.describe()
  /** A list of what is attached is true only as long as nobody attaches: who attaches takes one permit, who lists takes all. */
  const permits = yield* Semaphore.make(atOnce)
  /** Of Pods that have been seen, by their ids. */
  const keys = new Map<string, string>()
  /** Keys of Pods that are being started or stopped now. */
  const busy = new Set<string>()
  const during = <A, E, R>(key: string, act: Effect.Effect<A, E, R>) =>
    Effect.acquireUseRelease(
      Effect.sync(() => busy.add(key)),
      () => act,
      () => Effect.sync(() => busy.delete(key))
    )

  const release = Effect.fnUntraced(function* (key: string) {
    const namespace = attachments.namespaceOf(key)
    const isThere = namespaces.isThere(namespace)
    if (isThere || attachments.find(key) !== undefined) yield* network.detach({ pod: key, ...(isThere && { namespace }) })
    yield* namespaces.remove(namespace)
    yield* attachments.remove(key)
  })

  const attach = Effect.fnUntraced(function* (key: string, { name: pod, namespace, ports = [], uid }: PodConfig) {
    const metadata = { namespace, name: pod, uid }
    const attached = network.attach({ pod: key, namespace: attachments.namespaceOf(key), runtime: name, ports, metadata })
    const { addresses } = yield* Effect.mapError(attached, (failure) =>
      failure._tag === "Unavailable" ? failure : new PodRefused({ message: failure.message })
    )
    yield* attachments.put(key, { addresses })
    return addresses
  }, permits.withPermit)
  const refused = ({ message }: { readonly message: string }) =>
    new PodRefused({ message: `no network namespace: ${message}` })

  const startGiven = Effect.fnUntraced(function* (key: string, config: PodConfig) {
    const namespace = attachments.namespaceOf(key)
    yield* Effect.mapError(namespaces.make(namespace), refused)
    const addresses = yield* Effect.uninterruptible(attach(key, config))
    const pod = yield* runtime.startPod({ ...config, ports: [], network: { _tag: "given", namespace } })
    return { ...pod, addresses }
  })

  const startMade = Effect.fnUntraced(function* (key: string, config: PodConfig) {
    const pod = yield* runtime.startPod({ ...config, ports: [], network: { _tag: "made" } })
    const removed = Effect.ignore(runtime.removePod({ pod: pod.id }))
    return yield* Effect.gen(function* () {
      if (pod.networkNamespace === undefined) return yield* new PodRefused({ message: "the Pod ended at once" })
      yield* Effect.mapError(namespaces.keep(pod.networkNamespace, attachments.namespaceOf(key)), refused)
      return { ...pod, addresses: yield* Effect.uninterruptible(attach(key, config)) }
    }).pipe(Effect.onError(() => removed))
  })

  /** What failed leaves nothing, unless the runtime has the Pod all the same. */
  const undo = Effect.fnUntraced(function* (key: string, { attempt, uid }: PodConfig) {
    const there = yield* runtime.list({ uid })
    if (!there.some((pod) => pod.attempt === attempt)) yield* release(key)
  })

  const startPod = Effect.fn("GivenNetwork.startPod")(function* (config: PodConfig) {
    if (config.network._tag === "host") return yield* runtime.startPod(config)
    if (config.network._tag !== "runtime") return yield* new NetworkUnsupported({ network: config.network._tag })
    const key = keyOf(config)
    const started = kind === "made" ? startMade(key, config) : startGiven(key, config)
    return shown(
      yield* during(
        key,
        Effect.onError(started, () => Effect.ignore(undo(key, config)))
      )
    )
  })

  /** A Pod that has lost its network, or did not come to have it, is not ready: the kubelet makes it anew. */
  const shown = (pod: PodStatus): PodStatus => {
    const { networkNamespace, ...rest } = pod
    const key = keyOf(pod)
    keys.set(pod.id, key)
    const attachment = attachments.find(key)
    if (!rest.ready) return { ...rest, addresses: [] }
    if (attachment === undefined) return networkNamespace === undefined ? rest : { ...rest, ready: false }
    const isThere = namespaces.isThere(attachments.namespaceOf(key))
    return isThere ? { ...rest, addresses: attachment.addresses } : { ...rest, ready: false, addresses: [] }
  }

  const list: Runtime["list"] = (of) => Effect.map(runtime.list(of), (pods) => pods.map(shown))
  const ending = Effect.fnUntraced(function* (pod: string, act: ReturnType<Runtime["removePod"]>) {
    if (!keys.has(pod)) yield* list({})
    const key = keys.get(pod)
    if (key === undefined) return yield* act
    yield* during(
      key,
      Effect.andThen(
        act,
        Effect.suspend(() => release(key))
      )
    )
  })

  /** Takes back what belongs to no Pod that runs. */
  const tidy = Effect.gen(function* () {
    // What is being started before the list is taken may be there after it.
    const [before, begun] = [attachments.keys(), new Set(busy)]
    const pods = yield* runtime.list({})
    const valid = new Set(pods.filter(({ ready }) => ready).map(keyOf))
    for (const key of before) {
      if (valid.has(key) || begun.has(key) || busy.has(key)) continue
      yield* Effect.log("a network without its Pod is taken back").pipe(Effect.annotateLogs({ runtime: name, pod: key }))
      yield* release(key)
    }
    const collect = Effect.suspend(() =>
      network.gc({ runtime: name, valid: [...attachments.keys()].map((pod) => ({ pod })) })
    )
    yield* permits.withPermits(atOnce)(collect)
  })
  const removeAll = Effect.gen(function* () {
    const pods = yield* Effect.orElseSucceed(runtime.list({}), () => [])
    yield* Effect.forEach(pods, ({ id }) => Effect.ignore(runtime.removePod({ pod: id })), { concurrency: 8, discard: true })
    yield* Effect.forEach(attachments.keys(), (key) => Effect.ignore(release(key)), { discard: true })
    yield* Effect.sync(() => rmSync(directory, { recursive: true, force: true }))
  })
  if (stop === "remove") yield* Effect.addFinalizer((exit) => (isIntended(exit) ? removeAll : Effect.void))

  yield* tidy
  const again = Effect.catch(tidy, (failure) => Effect.logDebug("networks were not tidied up", failure))
  yield* Effect.forkScoped(Effect.schedule(again, Schedule.spaced(tidyEvery)))

  return ContainerRuntime.of({
    ...runtime,
    describe: () => Effect.map(runtime.describe(), (about) => ({ ...about, network: "runtime" })),
    health: Effect.fnUntraced(function* () {
      const health = yield* runtime.health()
      const status = yield* network.status()
      const message = [health.message, status.message].filter((text) => text !== "").join("; ")
      return { ...health, network: health.network && status.ready, message }
    }),
    startPod,
    stopPod: (of) => ending(of.pod, runtime.stopPod(of)),
    removePod: (of) =>
      Effect.andThen(
        ending(of.pod, runtime.removePod(of)),
        Effect.sync(() => void keys.delete(of.pod))
      ),
    list
  })
})

/** Over a runtime of the context, whose other contracts stay as they are. */
export const layer = (options: Options) => Layer.effect(ContainerRuntime, make(options))

/** The folder of one of a node's runtimes. */
export const folder = (node: string, runtime: string) => join(node, "netns", runtime)
