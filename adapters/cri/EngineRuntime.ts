/** Pods and containers on Podman or Docker: a sandbox is a container that holds namespaces, which the others join. */
import { Context, Effect, Layer, Schedule, Stream } from "effect"
import { mkdirSync } from "node:fs"
import { join } from "node:path"
import {
  ContainerRefused,
  ContainerRuntime,
  ImageMissing,
  NetworkUnsupported,
  PodMissing,
  PodRefused,
  UpdateRefused
} from "../../plugins/kubelet/contracts/ContainerRuntime.ts"
import { ContainerMissing } from "../../plugins/kubelet/contracts/Exec.ts"
import { Events } from "../../plugins/kubelet/contracts/Events.ts"
import type { Resources } from "../../plugins/kubelet/contracts/Pods.ts"
import * as Changes from "./Changes.ts"
import { killAll } from "./ContainerProcesses.ts"
import { Engine, EngineFailed, isMissing, unavailable } from "./Engine.ts"
import { nameOfContainer, nameOfPod, shared, type Shared } from "./EngineLabels.ts"
import * as Replies from "./EngineReplies.ts"
import * as Statuses from "./EngineStatuses.ts"
import type { ContainerConfig, PodConfig } from "./Requests.ts"
import { settled } from "./Settled.ts"

/** What a request to make a container says: in the query Docker wants its name, Podman has it in the body. */
export interface Creation {
  readonly query?: { readonly [name: string]: string }
  readonly body: object
  /** What has to be there before it. */
  readonly folder?: string
}

/** For a container: its sandbox, what it shares with it, and the path of its log. */
export interface Place {
  readonly name: string
  readonly sandbox: Replies.Inspected
  readonly shared: Shared
  readonly logPath: string | undefined
}

/** In what one runtime behind this API differs from another. */
export interface Dialect {
  readonly name: string
  readonly network: "given" | "made"
  readonly pod: (config: PodConfig, name: string, program: string) => Creation
  readonly container: (config: ContainerConfig, place: Place, program: string) => Creation
  /** The body of a request to update a container. */
  readonly limits: (resources: Resources) => object
  /** How a time to wait is said in a request to stop. */
  readonly grace: string
  /** The names of the events after which something may look different. */
  readonly events: ReadonlyArray<string>
}

/** What is so on this node. */
export interface Own {
  /** By handler, the program that makes the containers, by the name that the runtime knows; the empty one is the default. */
  readonly handlers: ReadonlyMap<string, string>
  /** Of containers that nobody gave a cgroup. Empty: the runtime's own. */
  readonly cgroup: string
}

const lost = unavailable(ContainerRuntime.key)
const gone = <A, R>(effect: Effect.Effect<A, EngineFailed, R>) =>
  effect.pipe(
    Effect.asVoid,
    Effect.catch((failure) => (isMissing(failure) ? Effect.void : Effect.fail(lost(failure))))
  )
/** Said by the runtime, and not that it does not answer. */
const isAnswer = ({ status }: EngineFailed) => status > 0
const isLeft = ({ detail }: EngineFailed) => /already exists|id already in use/.test(detail)
const isTaken = ({ detail }: EngineFailed) => /is already in use/.test(detail)
const isImageMissing = ({ detail }: EngineFailed) => /image not known|no such image/i.test(detail)

const ignoring = { concurrency: 8, discard: true } as const

const removing = (engine: Engine["Service"], { grace }: Pick<Dialect, "grace">) =>
  Effect.fnUntraced(function* (id: string) {
    const request = `/containers/${id}`
    const query = { force: "true", v: "true", [grace]: "0" }
    const removed = yield* Effect.catchIf(
      engine.call("DELETE", request, Replies.Removed, { query }),
      // Somebody else's removal is as good as ours.
      ({ detail }) => /already in progress/.test(detail),
      () => Effect.succeed([])
    )
    const why = removed?.find(({ Err }) => Err)?.Err
    if (why) return yield* new EngineFailed({ request, status: 500, detail: why })
  })

/** A container that looks into another has to go before it: who is refused is tried again as long as others go. */
const removeEach = (
  remove: (id: string) => Effect.Effect<void, EngineFailed>,
  ids: ReadonlyArray<string>
): Effect.Effect<void, EngineFailed> =>
  Effect.gen(function* () {
    const refused: Array<readonly [string, EngineFailed]> = []
    const tried = (id: string) =>
      Effect.catch(remove(id), (failure) => Effect.sync(() => void (isMissing(failure) || refused.push([id, failure]))))
    yield* Effect.forEach(ids, tried, ignoring)
    const [first] = refused
    if (first === undefined) return
    if (refused.length === ids.length) return yield* first[1]
    yield* removeEach(
      remove,
      refused.map(([id]) => id)
    )
  })

/** Removes all that any kubelet has started, containers before what they joined. */
export const removeAll = Effect.fn("engine.removeAll")(function* (dialect: Pick<Dialect, "grace">) {
  const engine = yield* Engine
  const remove = removing(engine, dialect)
  const there = yield* Statuses.make(engine, false).all()
  const [sandboxes, containers] = [there.filter(Statuses.isSandbox), there.filter((one) => !Statuses.isSandbox(one))]
  for (const some of [containers, sandboxes]) {
    yield* Effect.ignore(
      removeEach(
        remove,
        some.map(({ Id }) => Id)
      )
    )
  }
})

const make = Effect.fnUntraced(function* (dialect: Dialect, { cgroup, handlers }: Own) {
  const engine = yield* Engine
  const statuses = Statuses.make(engine, dialect.network === "made")

  const remove = removing(engine, dialect)

  /** Makes it and starts it, or finds it as somebody made it before. What does not start does not stay. */
  const begin = Effect.fnUntraced(function* (name: string, { body, query }: Creation) {
    const make = Effect.map(
      engine.call("POST", "/containers/create", Replies.Created, { body, ...(query && { query }) }),
      ({ Id }) => ({ id: Id, isNew: true })
    )
    const find = Effect.map(statuses.inspect(name), ({ Id, State }) => ({
      id: Id,
      isNew: Statuses.stateOf(State.Status) === "Created"
    }))
    // A Podman that was killed midway may have given the name to what it does not know itself.
    const found = Effect.catchIf(find, isMissing, () => Effect.andThen(remove(name), make))
    const made = Effect.catchIf(make, isTaken, () => found)
    const { id, isNew } = yield* made
    if (!isNew) return id
    const start = engine.tell("POST", `/containers/${id}/start`)
    // One that was killed midway may have started what it does not know of.
    const anew = Effect.andThen(
      Effect.sync(() => killAll(id)),
      Effect.delay(start, "500 millis")
    )
    yield* Effect.tapError(
      Effect.catchIf(start, isLeft, () => anew),
      () => Effect.ignore(remove(id))
    )
    return id
  })

  const startPod = Effect.fn("engine.startPod")(function* (pod: PodConfig) {
    const { network } = pod
    if (network._tag !== "host" && network._tag !== dialect.network)
      return yield* new NetworkUnsupported({ network: network._tag })
    const program = handlers.get(pod.handler ?? "")
    if (program === undefined) {
      const all = [...handlers.keys()].filter((handler) => handler !== "").join(", ")
      return yield* new PodRefused({ message: `${dialect.name} has no handler ${pod.handler}; it has ${all}` })
    }
    const name = nameOfPod(pod)
    return yield* settled(
      begin(name, dialect.pod({ ...pod, cgroupParent: pod.cgroupParent || cgroup }, name, program))
    ).pipe(
      Effect.flatMap(statuses.fresh),
      Effect.mapError((failure) => (isAnswer(failure) ? new PodRefused({ message: failure.detail }) : lost(failure)))
    )
  })

  const refusal = (config: ContainerConfig) => (failure: EngineFailed) => {
    if (!isAnswer(failure)) return lost(failure)
    if (isImageMissing(failure)) return new ImageMissing({ image: config.image })
    return new ContainerRefused({ step: "create", message: failure.detail })
  }

  const startContainer = Effect.fn("engine.startContainer")(function* (config: ContainerConfig) {
    const { pod } = config
    const sandbox = yield* Effect.mapError(statuses.inspect(pod), (failure) =>
      isMissing(failure) ? new PodMissing({ pod }) : lost(failure)
    )
    const common = shared(sandbox)
    const program = handlers.get(common?.handler ?? "")
    if (common === undefined || program === undefined) return yield* new PodMissing({ pod })
    const logPath =
      common.logDirectory === ""
        ? undefined
        : join(common.logDirectory, config.logPath ?? `${config.name}_${config.attempt}.log`)
    const name = nameOfContainer(config, sandbox)
    const creation = dialect.container(config, { name, sandbox, shared: common, logPath }, program)
    const { folder } = creation
    if (folder !== undefined) yield* Effect.sync(() => mkdirSync(folder, { recursive: true, mode: 0o755 }))
    return yield* Effect.mapError(settled(begin(name, creation)), refusal(config))
  })

  const stop = (id: string, graceSeconds: number) =>
    gone(
      engine.tell("POST", `/containers/${id}/stop`, {
        query: { [dialect.grace]: `${graceSeconds}` },
        within: `${graceSeconds + 120} seconds`
      })
    )

  const stopPod = Effect.fn("engine.stopPod")(function* (pod: string, graceSeconds: number) {
    const containers = yield* Effect.mapError(statuses.containersOf(pod), lost)
    const running = containers.filter(({ State }) => Statuses.stateOf(State) === "Running")
    yield* Effect.forEach(running, ({ Id }) => stop(Id, graceSeconds), ignoring)
    yield* stop(pod, 0)
  })

  const removePod = Effect.fn("engine.removePod")(function* (pod: string) {
    const containers = yield* Effect.mapError(statuses.containersOf(pod), lost)
    const ids = containers.map(({ Id }) => Id)
    yield* Effect.mapError(removeEach(remove, ids), lost)
    yield* gone(remove(pod))
  })

  const version = Effect.mapError(engine.call("GET", "/version", Replies.Version, { within: "10 seconds" }), lost)
  const runtime = ContainerRuntime.of({
    describe: () =>
      Effect.map(version, ({ Version }) => ({
        name: dialect.name,
        version: Version,
        network: dialect.network,
        handlers: Array.from(handlers.keys(), (name) => ({ name }))
      })),
    health: () =>
      version.pipe(
        Effect.as({ runtime: true, network: true, message: "" }),
        Effect.catch(({ message }) => Effect.succeed({ runtime: false, network: true, message }))
      ),
    startPod,
    stopPod: ({ graceSeconds, pod }) => stopPod(pod, graceSeconds),
    removePod: ({ pod }) => removePod(pod),
    startContainer,
    updateContainer: ({ id, resources: { oomScoreAdjust: _, ...limits } }) =>
      Effect.mapError(engine.tell("POST", `/containers/${id}/update`, { body: dialect.limits(limits) }), (failure) => {
        if (isMissing(failure)) return new ContainerMissing({ id })
        return isAnswer(failure) ? new UpdateRefused({ message: failure.detail }) : lost(failure)
      }),
    stopContainer: ({ graceSeconds, id }) => stop(id, graceSeconds),
    removeContainer: ({ id }) => gone(remove(id)),
    list: ({ uid }) => Effect.mapError(statuses.list(uid), lost)
  })

  /** At once, and with each event; where there are none, each second. And now and then, should one have been lost. */
  const told = engine.lines("GET", "/events", {
    query: { stream: "true", filters: JSON.stringify({ type: ["container"], event: dialect.events }) }
  })
  const woken = Stream.concat(Stream.succeed(""), Stream.ignore(told)).pipe(Stream.repeat(Schedule.spaced("1 second")))
  const looks = Stream.merge(Stream.debounce(woken, "20 millis"), Stream.tick("10 seconds"))
  const events = Events.of({
    changes: () => Stream.mapError(Changes.between(looks, statuses.picture), unavailable(Events.key))
  })
  return Context.make(ContainerRuntime, runtime).pipe(Context.add(Events, events))
})

/** ContainerRuntime and Events. */
export const layer = (dialect: Dialect, own: Own) => Layer.effectContext(make(dialect, own))
