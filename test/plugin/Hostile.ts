/** A plugin that does what plugins must not do, for the tests of what is around it. */
import { encode } from "cbor-x"
import { Effect, Layer, Schema } from "effect"
import { spawn } from "node:child_process"
import { readFileSync, writeSync } from "node:fs"
import { connect } from "node:net"
import { parentPort } from "node:worker_threads"
import * as Contract from "../../kernel/plugin/Contract.ts"
import * as Plugin from "../../kernel/plugin/Plugin.ts"
import { Text } from "../../kernel/resource/Field.ts"

const bytes = { bytes: Schema.Int }

export class Hostile extends Contract.make<Hostile>()(
  "test/Hostile",
  { version: "1.0.0", laws: {} },
  Contract.method("greet", { doc: "Behaves.", success: Text, errors: [] }),
  Contract.method("exit", { doc: "Ends the process.", errors: [] }),
  Contract.method("fail", { doc: "Throws where nobody catches.", errors: [] }),
  Contract.method("reject", { doc: "Rejects where nobody catches.", errors: [] }),
  Contract.method("throws", { doc: "Throws at once.", errors: [] }),
  Contract.method("spin", { doc: "Never gives the thread back.", errors: [] }),
  Contract.method("heap", { doc: "Fills the heap.", payload: bytes, errors: [] }),
  Contract.method("buffers", { doc: "Fills memory beside the heap.", payload: bytes, errors: [] }),
  Contract.method("connect", {
    doc: "Connects, and says what it reads or why it does not.",
    payload: { host: Text, port: Schema.Int },
    success: Text,
    errors: []
  }),
  Contract.method("read", { doc: "Reads a file, or says why not.", payload: { path: Text }, success: Text, errors: [] }),
  Contract.method("variable", {
    doc: "Says what a variable of the environment is; empty: it is not there.",
    payload: { name: Text },
    success: Text,
    errors: []
  }),
  Contract.method("load", { doc: "Imports a module, or says why not.", payload: { url: Text }, success: Text, errors: [] }),
  Contract.method("signal", {
    doc: "Says whether it could send a signal to a process, or why not.",
    payload: { pid: Schema.Int },
    success: Text,
    errors: []
  }),
  Contract.method("fork", {
    doc: "Starts processes that stay a while, and says how many there are.",
    payload: { count: Schema.Int },
    success: Schema.Int,
    errors: []
  }),
  Contract.method("flood", { doc: "Sends messages without end, and reads none.", errors: [] }),
  Contract.method("babble", { doc: "Says what the protocol does not know.", errors: [] })
) {}

const kept: Array<unknown> = []
const chunk = 16 * 1024 ** 2

const fork = (count: number) =>
  Effect.callback<number>((resume) => {
    let [started, settled] = [0, 0]
    const settle = () => {
      if (++settled === count) resume(Effect.succeed(started))
    }
    for (let child = 0; child < count; child++) {
      try {
        const one = spawn("/usr/bin/sleep", ["5"], { stdio: "ignore" })
        one.once("spawn", () => {
          started++
          settle()
        })
        one.once("error", settle)
      } catch {
        // Refused before it was tried.
        settle()
      }
    }
  })

/** Says frames to its host, past all that keeps the protocol. Who does not read holds it up, and it tries again. */
const say = (frames: ReadonlyArray<unknown>) => {
  if (parentPort !== null) return frames.forEach((frame) => parentPort?.postMessage(frame))
  const framed = frames.map((frame) => {
    const body = encode(frame)
    const head = Buffer.alloc(4)
    head.writeUInt32BE(body.length)
    return Buffer.concat([head, body])
  })
  for (let rest = Buffer.concat(framed); rest.length > 0; ) {
    try {
      rest = rest.subarray(writeSync(3, rest))
    } catch {
      // The wire is full.
    }
  }
}

/** What came of it, or why nothing did. */
const said = (trying: Effect.Effect<string>) => Effect.catchDefect(trying, (cause) => Effect.succeed(String(cause)))

const layer = Layer.succeed(Hostile, {
  greet: () => Effect.succeed("hello"),
  exit: () => Effect.sync(() => process.exit(1)),
  fail: () =>
    Effect.callback(() => {
      setTimeout(() => {
        throw new Error("ouch")
      })
    }),
  reject: () =>
    Effect.callback(() => {
      void Promise.reject(new Error("ouch"))
    }),
  throws: () => {
    throw new Error("ouch")
  },
  spin: () =>
    Effect.sync(() => {
      for (;;);
    }),
  heap: ({ bytes }) =>
    Effect.sync(() => {
      for (let made = 0; made < bytes; made += chunk) kept.push(new Array(chunk / 8).fill(made))
    }),
  buffers: ({ bytes }) =>
    Effect.gen(function* () {
      for (let made = 0; made < bytes; made += chunk) {
        kept.push(Buffer.alloc(chunk, 1))
        yield* Effect.yieldNow
      }
    }),
  connect: ({ host, port }) =>
    Effect.callback<string>((resume) => {
      const socket = connect(port, host)
      socket.once("data", (data) => resume(Effect.succeed(String(data))))
      socket.once("error", ({ message }) => resume(Effect.succeed(message)))
    }),
  read: ({ path }) => said(Effect.sync(() => readFileSync(path, "utf8"))),
  variable: ({ name }) => Effect.sync(() => process.env[name] ?? ""),
  load: ({ url }) =>
    said(
      Effect.map(
        Effect.promise(() => import(url)),
        (module) => JSON.stringify(module)
      )
    ),
  signal: ({ pid }) => said(Effect.sync(() => String(process.kill(pid, 0)))),
  fork: ({ count }) => fork(count),
  flood: () =>
    Effect.sync(() => {
      const frames = Array.from({ length: 1000 }, () => ["test/Hostile", [{ _tag: "Pong" }]])
      for (;;) say(frames)
    }),
  babble: () => Effect.sync(() => say([["", [{ _tag: "nonsense" }]]]))
})

export const plugin = Plugin.make({ name: "hostile", offers: [Hostile], layer })
