/** The checks of the laws of `Exec`. They need a container of the image `busybox`, which has to be there. */
import { Effect, Random, Stream } from "effect"
import assert from "node:assert/strict"
import { Exec } from "../plugins/kubelet/contracts/Exec.ts"
import { ContainerRuntime } from "../plugins/kubelet/contracts/ContainerRuntime.ts"
import * as Suite from "./Suite.ts"

type Service = Exec["Service"]

/** What a check works with: a container that sleeps. It goes in the end. */
const use = Effect.gen(function* () {
  const exec = yield* Exec
  const runtime = yield* ContainerRuntime
  const uid = `law-${yield* Random.nextInt}`
  const network = { _tag: "host" } as const
  const { id: pod } = yield* Effect.acquireRelease(
    runtime.startPod({ uid, namespace: "laws", name: uid, attempt: 0, hostname: uid, network }),
    ({ id }) => Effect.ignore(runtime.removePod({ pod: id }))
  )
  const id = yield* runtime.startContainer({ pod, name: "sleep", attempt: 0, image: "busybox", command: ["sleep", "600"] })
  /** Everything that a process says, in order. */
  const said = (process: string) => Suite.inTime(Stream.runCollect(exec.output({ process })))
  return { exec, id, said }
})
type Use = Effect.Success<typeof use>

const check = (
  holds: (use: Use) => Generator<Effect.Effect<unknown, unknown>, void, never>,
  saboteur: (honest: Service) => Partial<Service>
) => ({ holds: Effect.scoped(Effect.flatMap(use, Effect.fnUntraced(holds))), saboteur })

const text = (bytes: Uint8Array) => Buffer.from(bytes).toString("utf8")

export const suite = Suite.make<Exec, Exec["Service"], (typeof Exec)["laws"], Exec | ContainerRuntime>(Exec, {
  "run/result": check(
    function* ({ exec, id }) {
      const command = ["sh", "-c", "echo out; echo err >&2; exit 3"]
      const { exitCode, stderr, stdout } = yield* exec.run({ id, command, timeoutSeconds: 5 })
      assert.deepEqual([text(stdout), text(stderr), exitCode], ["out\n", "err\n", 3])
    },
    ({ run }) => ({ run: (payload) => Effect.map(run(payload), (result) => ({ ...result, exitCode: 0 })) })
  ),
  "run/timeout": check(
    function* ({ exec, id }) {
      const refused = yield* Effect.flip(exec.run({ id, command: ["sleep", "600"], timeoutSeconds: 1 }))
      assert.equal(refused._tag, "CommandTimeout")
    },
    () => ({ run: () => Effect.succeed({ stdout: new Uint8Array(), stderr: new Uint8Array(), exitCode: 0 }) })
  ),
  "run/missing": check(
    function* ({ exec, id }) {
      const refused = yield* Effect.flip(exec.run({ id: `${id}-other`, command: ["true"], timeoutSeconds: 5 }))
      assert.equal(refused._tag, "ContainerMissing")
    },
    () => ({ run: () => Effect.succeed({ stdout: new Uint8Array(), stderr: new Uint8Array(), exitCode: 0 }) })
  ),
  "exit/last": check(
    function* ({ exec, id, said }) {
      const process = yield* exec.start({ id, command: ["sh", "-c", "echo out; exit 3"], tty: false, stdin: false })
      const output = yield* said(process)
      const out = output.flatMap((one) => (one._tag === "Stdout" ? [text(one.bytes)] : []))
      assert.deepEqual([out.join(""), output.at(-1)], ["out\n", { _tag: "Exited", code: 3 }])
    },
    ({ output }) => ({ output: (of) => Stream.filter(output(of), ({ _tag }) => _tag !== "Exited") })
  ),
  "exit/refused": check(
    function* ({ exec, id, said }) {
      const output = yield* said(yield* exec.start({ id, command: ["/no/such/command"], tty: false, stdin: false }))
      const last = output.at(-1)
      assert.ok(last?._tag === "Failed" || (last?._tag === "Exited" && last.code !== 0))
      const words = output.map((one) => (one._tag === "Failed" ? one.message : "bytes" in one ? text(one.bytes) : ""))
      assert.match(words.join(""), /no\/such\/command/)
    },
    ({ output }) => ({ output: (of) => Stream.map(output(of), () => ({ _tag: "Exited", code: 0 }) as const) })
  ),
  "input/large": check(
    function* ({ exec, id, said }) {
      const process = yield* exec.start({ id, command: ["cat"], tty: false, stdin: true })
      const pieces = Array.from({ length: 32 }, (_, index) => Buffer.alloc(32 * 1024, index))
      const put = Effect.forEach(pieces, (bytes) => exec.input({ process, input: { _tag: "Stdin", bytes } }), {
        discard: true
      })
      const all = Effect.andThen(put, exec.input({ process, input: { _tag: "End" } }))
      const [output] = yield* Effect.all([said(process), all], { concurrency: "unbounded" })
      const out = Buffer.concat(output.flatMap((one) => (one._tag === "Stdout" ? [one.bytes] : [])))
      assert.ok(out.equals(Buffer.concat(pieces)), `${out.length} bytes came back`)
    },
    ({ input }) => ({
      input: (of) =>
        input(of.input._tag === "Stdin" ? { ...of, input: { ...of.input, bytes: of.input.bytes.subarray(0, 4096) } } : of)
    })
  ),
  "input/reaches": check(
    function* ({ exec, id, said }) {
      const process = yield* exec.start({ id, command: ["cat"], tty: false, stdin: true })
      yield* exec.input({ process, input: { _tag: "Stdin", bytes: Buffer.from("in\n") } })
      yield* exec.input({ process, input: { _tag: "End" } })
      const output = yield* said(process)
      const out = output.flatMap((one) => (one._tag === "Stdout" ? [text(one.bytes)] : []))
      assert.deepEqual([out.join(""), output.at(-1)], ["in\n", { _tag: "Exited", code: 0 }])
    },
    ({ input }) => ({ input: (of) => (of.input._tag === "Stdin" ? Effect.void : input(of)) })
  )
})
