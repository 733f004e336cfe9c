/** Runtimes that speak the contracts themselves: whichever serves a folder of sockets, and the one of `examples/runtime-go`. */
import { Effect, Layer, Queue, Schema } from "effect"
import { execFile, spawn } from "node:child_process"
import { mkdirSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import * as Wire from "../../adapters/cri/wire/Wire.ts"
import type { Powers } from "../../plugins/kubelet/contracts/Powers.ts"
import { type Adapter, kit, type Site } from "../Adapter.ts"
import * as Machine from "../stage/Machine.ts"
import { suites } from "./runtimes.ts"

const sources = join(import.meta.dirname, "..", "..", "examples", "runtime-go")

export class RuntimeEnded extends Schema.TaggedError<RuntimeEnded>()("RuntimeEnded", { message: Schema.String }) {}

const built = (program: string) =>
  Effect.callback<void, RuntimeEnded>((resume) => {
    const child = execFile("go", ["build", "-C", sources, "-o", program, "."], (error, _, said) =>
      resume(error === null ? Effect.void : Effect.fail(new RuntimeEnded({ message: said })))
    )
    return Effect.sync(() => child.kill())
  })

/** Runs until the scope ends. It is ready when it says so. */
const started = (program: string, args: ReadonlyArray<string>) =>
  Effect.gen(function* () {
    const said = yield* Queue.make<string>()
    const child = yield* Effect.acquireRelease(
      Effect.sync(() => spawn(program, args, { stdio: ["ignore", "pipe", "pipe"] })),
      (child) =>
        Effect.callback<void>((ended) => {
          child.once("close", () => ended(Effect.void))
          child.kill("SIGTERM")
          if (child.exitCode !== null || child.signalCode !== null) ended(Effect.void)
        })
    )
    child.stdout.on("data", (text: Buffer) => Queue.offerUnsafe(said, String(text)))
    child.stderr.on("data", (text: Buffer) => Queue.offerUnsafe(said, String(text)))
    child.on("error", ({ message }) => Queue.offerUnsafe(said, message))
    const first = yield* Queue.take(said)
    if (first !== "ready\n") return yield* new RuntimeEnded({ message: first })
  })

const runtimeGo = ({ directory }: Site): Layer.Layer<Powers, unknown> => {
  const at = (name: string) => join(directory, name)
  const [program, archive, sockets] = [at("runtime-go"), at("busybox.tar"), at("sockets")]
  const start = Effect.gen(function* () {
    mkdirSync(directory, { recursive: true })
    writeFileSync(archive, yield* Machine.busybox)
    yield* built(program)
    yield* started(program, ["--root", at("root"), "--sockets", sockets, "--import", archive])
  })
  return Layer.provideMerge(Wire.layer({ directory: sockets, stop: "keep" }), Layer.effectDiscard(start))
}

const pathOf = (endpoint: string) => endpoint.slice("wire://".length)

export const adapters: ReadonlyArray<Adapter> = [
  {
    name: "runtime-go",
    title: "a runtime in Go",
    isAlone: true,
    lacks: () => [...Machine.root(), ...Machine.lacking("go", "runc")],
    kits: { "container-runtime": (site) => kit(runtimeGo(site), ...suites) }
  },
  {
    name: "wire",
    title: "what serves the contracts",
    isAlone: false,
    lacks: () => [],
    isElsewhere: true,
    endpoint: { words: "wire:///folder/of/sockets", pattern: /^wire:\/\/\// },
    kits: {
      "container-runtime": ({ endpoint = "" }) =>
        kit(Wire.layer({ directory: pathOf(endpoint), stop: "keep" }), Wire.hasImage("busybox"), ...suites)
    }
  }
]
