/** The part of containerd's own API by which a process is run beside a container's first one. Source: containerd.services.tasks.v1. */
import { Metadata } from "@grpc/grpc-js"
import { Effect, Schema } from "effect"
import type { Cri } from "../Cri.ts"
import * as Description from "../Description.ts"
import description from "./generated/containerd-v1.json" with { type: "json" }

const methods = Description.load(description)
/** Where the CRI keeps its containers. */
const metadata = new Metadata()
metadata.set("containerd-namespace", "k8s.io")

const { Array: List, Boolean: Bool, Int, Record, String: Text, Struct, Unknown, optionalKey } = Schema
const Exited = Struct({ exit_status: Int })
const Spec = Schema.fromJsonString(
  Struct({
    process: Schema.StructWithRest(
      Struct({ args: optionalKey(List(Text)), env: optionalKey(List(Text)), terminal: optionalKey(Bool) }),
      [Record(Text, Unknown)]
    )
  })
)
const Container = Struct({ container: Struct({ spec: Struct({ value: Schema.Uint8Array }) }) })

const method = (name: keyof (typeof description)["services"]["tasks.v1.Tasks"] | "GetContainer") => {
  const found = methods.get(name)
  if (found === undefined) throw new Error(`the description has no ${name}`)
  return found
}

export interface Id {
  readonly container_id: string
  readonly exec_id: string
}
/** Paths of named pipes; without terminal each stream has one. */
export interface Pipes {
  readonly stdin?: string
  readonly stdout: string
  readonly stderr?: string
}

export const make = (cri: Cri["Service"]) => {
  const call = <A>(name: Parameters<typeof method>[0], reply: Schema.Decoder<A>, request: object, within = 30) =>
    cri.invoke(name, method(name), reply, request, `${within} seconds`, metadata)

  /** As the container's first process runs: its user, environment and folder. */
  const processOf = (id: string) =>
    call("GetContainer", Container, { id }).pipe(
      Effect.flatMap(({ container }) =>
        Schema.decodeUnknownEffect(Spec)(Buffer.from(container.spec.value).toString("utf8"))
      ),
      Effect.map(({ process }) => process)
    )

  return {
    prepare: Effect.fnUntraced(function* (id: Id, command: ReadonlyArray<string>, tty: boolean, pipes: Pipes) {
      const first = yield* processOf(id.container_id)
      const env = tty ? [...(first.env ?? []), "TERM=xterm"] : (first.env ?? [])
      const process = { ...first, args: command, terminal: tty, env }
      const value = Buffer.from(JSON.stringify(process))
      const spec = { type_url: "types.containerd.io/opencontainers/runtime-spec/1/Process", value }
      yield* call("ExecTask", Unknown, { ...id, ...pipes, terminal: tty, spec })
    }),
    start: (id: Id) => call("StartTask", Unknown, id),
    /** Its exit code, when it has one. */
    wait: (id: Id) => Effect.map(call("WaitTask", Exited, id, 30 * 24 * 60 * 60), ({ exit_status }) => exit_status),
    closeStdin: (id: Id) => call("CloseIO", Unknown, { ...id, stdin: true }),
    resize: (id: Id, columns: number, rows: number) => call("ResizePty", Unknown, { ...id, width: columns, height: rows }),
    kill: (id: Id, signal: number) => call("KillTask", Unknown, { ...id, signal }),
    remove: (id: Id) => call("DeleteProcess", Unknown, id)
  }
}
