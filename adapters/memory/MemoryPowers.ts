/** The optional powers of a machine in memory: images, commands, logs, statistics. */
import { Effect, Layer, Queue, Stream } from "effect"
import { ImageMissing } from "../../plugins/kubelet/contracts/ContainerRuntime.ts"
import { CommandTimeout, ContainerMissing, Exec } from "../../plugins/kubelet/contracts/Exec.ts"
import { Images } from "../../plugins/kubelet/contracts/Images.ts"
import { Logs } from "../../plugins/kubelet/contracts/Logs.ts"
import { Stats } from "../../plugins/kubelet/contracts/Stats.ts"
import { parse } from "./Commands.ts"
import { eventsOn, layerOn } from "./MemoryContainerRuntime.ts"
import * as MemoryNetworkConfiguration from "./MemoryNetworkConfiguration.ts"
import { type Line, MemoryNode, now, type Options } from "./MemoryNode.ts"

const images = Layer.effect(
  Images,
  Effect.map(MemoryNode, (node) => {
    const describe = (id: string) => ({ id, tags: [id], digests: [], bytes: 1 })
    return Images.of({
      find: ({ image }) => Effect.sync(() => (node.images.has(image) ? describe(image) : null)),
      pull: ({ image }) =>
        Effect.suspend(() => {
          const { registry } = node.options
          if (registry !== undefined && !registry.includes(image)) return Effect.fail(new ImageMissing({ image }))
          node.images.add(image)
          return Effect.succeed(image)
        }),
      list: () => Effect.sync(() => Array.from(node.images, describe)),
      remove: ({ image }) => Effect.sync(() => void node.images.delete(image))
    })
  })
)

type Output = Stream.Success<ReturnType<Exec["Service"]["output"]>>
const bytes = (text: string) => new TextEncoder().encode(text)

const exec = Layer.effect(
  Exec,
  Effect.gen(function* () {
    const node = yield* MemoryNode
    const processes = new Map<
      string,
      { readonly out: Queue.Queue<Output>; readonly stdin: Queue.Queue<Uint8Array | "end"> }
    >()
    let last = 0

    const walk = Effect.fnUntraced(function* (
      command: ReadonlyArray<string>,
      say: (output: Output) => Effect.Effect<unknown>,
      stdin: Queue.Queue<Uint8Array | "end">
    ) {
      for (const step of parse(command)) {
        if (step._tag === "Say")
          yield* say({ _tag: step.stream === "stdout" ? "Stdout" : "Stderr", bytes: bytes(step.text) })
        if (step._tag === "Sleep")
          yield* Number.isFinite(step.seconds) ? Effect.sleep(`${step.seconds} seconds`) : Effect.never
        if (step._tag === "Exit") {
          yield* say({ _tag: "Exited", code: step.code })
          return
        }
        if (step._tag === "Cat") {
          for (let put = yield* Queue.take(stdin); put !== "end"; put = yield* Queue.take(stdin))
            yield* say({ _tag: "Stdout", bytes: put })
        }
      }
    })
    const running = (id: string) =>
      Effect.suspend(() => (node.find(id)?.state === "Running" ? Effect.void : Effect.fail(new ContainerMissing({ id }))))

    const start = Effect.fnUntraced(function* (command: ReadonlyArray<string>) {
      const out = yield* Queue.unbounded<Output>()
      const stdin = yield* Queue.unbounded<Uint8Array | "end">()
      const process = `${++last}`
      processes.set(process, { out, stdin })
      yield* Effect.forkDetach(walk(command, (output) => Queue.offer(out, output), stdin))
      return process
    })

    return Exec.of({
      run: Effect.fnUntraced(function* ({ command, id, timeoutSeconds }) {
        yield* running(id)
        const said = { stdout: [] as Uint8Array[], stderr: [] as Uint8Array[], exitCode: 0 }
        const keep = (output: Output) =>
          Effect.sync(() => {
            if (output._tag === "Stdout") said.stdout.push(output.bytes)
            if (output._tag === "Stderr") said.stderr.push(output.bytes)
            if (output._tag === "Exited") said.exitCode = output.code
          })
        const stdin = yield* Queue.unbounded<Uint8Array | "end">()
        yield* Queue.offer(stdin, "end")
        const late = () => Effect.fail(new CommandTimeout({ seconds: timeoutSeconds }))
        yield* Effect.timeoutOrElse(walk(command, keep, stdin), { duration: `${timeoutSeconds} seconds`, orElse: late })
        return { stdout: Buffer.concat(said.stdout), stderr: Buffer.concat(said.stderr), exitCode: said.exitCode }
      }),
      start: ({ command, id }) => Effect.andThen(running(id), start(command)),
      attach: ({ id }) => Effect.andThen(running(id), start(["cat"])),
      input: ({ input, process }) =>
        Effect.suspend(() => {
          const stdin = processes.get(process)?.stdin
          if (stdin === undefined || input._tag === "Size") return Effect.void
          return Effect.asVoid(Queue.offer(stdin, input._tag === "End" ? "end" : input.bytes))
        }),
      output: ({ process }) =>
        Stream.suspend(() => {
          const found = processes.get(process)
          if (found === undefined) return Stream.empty
          return Stream.fromQueue(found.out).pipe(
            Stream.takeUntil((output) => output._tag === "Exited"),
            Stream.ensuring(Effect.sync(() => processes.delete(process)))
          )
        })
    })
  })
)

const logs = Layer.effect(
  Logs,
  Effect.map(MemoryNode, (node) => {
    const follow = (id: string, from: number): Stream.Stream<Line> =>
      Stream.suspend(() => {
        const lines = node.logs.get(id) ?? []
        const news = node.news.get(id)
        const rest = Stream.fromIterable(lines.slice(from))
        if (news === undefined || node.find(id)?.state !== "Running") return rest
        news.closeUnsafe()
        return Stream.concat(rest, Stream.unwrap(Effect.as(news.await, follow(id, lines.length))))
      })
    return Logs.of({
      read: ({ follow: further, id, since, tail }) =>
        Stream.suspend(() => {
          const lines = node.logs.get(id)
          if (lines === undefined) return Stream.fail(new ContainerMissing({ id }))
          const recent = lines.filter(({ at }) => since === undefined || at >= since)
          const shown = Stream.fromIterable(tail === undefined ? recent : recent.slice(Math.max(0, recent.length - tail)))
          return further ? Stream.concat(shown, follow(id, lines.length)) : shown
        })
    })
  })
)

const stats = Layer.effect(
  Stats,
  Effect.map(MemoryNode, (node) =>
    Stats.of({
      sample: () =>
        Effect.map(now, (at) =>
          [...node.pods.values()].flatMap(({ containers, uid }) =>
            containers
              .filter(({ state }) => state === "Running")
              .map(({ id, name }) => ({ id, uid, name, at, cpuNanoseconds: 0, memoryBytes: 0, workingSetBytes: 0 }))
          )
        )
    })
  )
)

/** A whole machine in memory: everything that a kubelet needs of one. */
export const layer = (options: Options) =>
  Layer.mergeAll(layerOn, eventsOn, images, exec, logs, stats, MemoryNetworkConfiguration.layerOn).pipe(
    Layer.provide(MemoryNode.layer(options))
  )
