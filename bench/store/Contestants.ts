/** What stands in the tables: our three ways to keep a log, and etcd with one and three members beside them. */
import { Effect, Option } from "effect"
import { execFileSync } from "node:child_process"
import { join } from "node:path"
import * as NatsBinary from "../../kernel/store/jetstream/NatsBinary.ts"
import * as Children from "./Children.ts"
import * as Etcd from "./Etcd.ts"
import * as Nats from "./Nats.ts"
import type { Address } from "./Stores.ts"

export interface Contestant {
  readonly name: string
  readonly address: Address
  /** Where strace writes what was flushed, by servers or by the client itself. */
  readonly journals: ReadonlyArray<string>
  /** Its servers, if it has any. */
  readonly pids: ReadonlyArray<number>
}

export interface Binaries {
  readonly nats: Option.Option<{ readonly binary: string; readonly version: string }>
  readonly etcd: ReturnType<typeof Etcd.find>
}

export const names = {
  sqlite: "SQLite",
  r1: "JetStream, R1",
  r3: "JetStream, R3",
  etcd1: "etcd, 1 member",
  etcd3: "etcd, 3 members"
}
/** Each of ours beside that of etcd's ways which survives the same. */
export const pairs = [
  [names.sqlite, names.etcd1],
  [names.r1, names.etcd1],
  [names.r3, names.etcd3]
] as const

const versionOf = (binary: string) => execFileSync(binary, ["--version"]).toString().trim().split(" v").at(-1) ?? ""

/** Another nats-server than Keelson's own can be named, to see what it would change. */
export const find = Effect.map(
  Effect.option(NatsBinary.find(process.env["KEELSON_BENCH_NATS"])),
  (nats): Binaries => ({
    nats: Option.map(nats, (binary) => ({ binary, version: versionOf(binary) })),
    etcd: Etcd.find()
  })
)

const journalsOf = (servers: ReadonlyArray<Children.Server>) => servers.map(Children.journalOf)

/** All that this machine can start, running. */
export const start = Effect.fnUntraced(function* (directory: string, { etcd, nats }: Binaries, delay: number) {
  const all: Contestant[] = [
    {
      name: names.sqlite,
      address: { file: join(directory, "store.db") },
      journals: [join(directory, "sqlite.strace")],
      pids: []
    }
  ]
  if (Option.isSome(nats)) {
    for (const [name, replicas] of [
      [names.r1, 1],
      [names.r3, 3]
    ] as const) {
      const { access, pids, servers } = yield* Nats.start(
        nats.value.binary,
        join(directory, `nats-r${replicas}`),
        replicas,
        delay
      )
      all.push({ name, address: access, journals: journalsOf(servers), pids })
    }
  }
  if ("binary" in etcd) {
    for (const [name, members] of [
      [names.etcd1, 1],
      [names.etcd3, 3]
    ] as const) {
      const { endpoint, pids, servers } = yield* Etcd.start(etcd.binary, join(directory, `etcd-${members}`), members, delay)
      all.push({ name, address: { etcd: endpoint }, journals: journalsOf(servers), pids })
    }
  }
  return all
})
