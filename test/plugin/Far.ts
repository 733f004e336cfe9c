/** A module that is served for hosts elsewhere: where they find it, in each way that there is. Here elsewhere is the far end of the loopback. */
import * as NodeServices from "@effect/platform-node/NodeServices"
import { Effect, FileSystem } from "effect"
import { readFileSync } from "node:fs"
import { join } from "node:path"
import * as Isolate from "../../kernel/plugin/Isolate.ts"
import * as Pki from "../../plugins/certificates/contracts/Pki.ts"
import * as RawNats from "../store/RawNats.ts"

const host = "127.0.0.1"
export const subject = "plugins.lab"

/** What the README tells people to give to a nats-server, with the places of this test, and a second plugin. */
const configuration = (directory: string) => {
  const readme = readFileSync(join(import.meta.dirname, "..", "..", "plugins", "packages", "README.md"), "utf8")
  const [, text = ""] = /```\nlisten: .*\n(tls \{[\s\S]*?)```/.exec(readme) ?? []
  const own = text.replace(/"((?:ca|tls)\.(?:crt|key))"/g, `"${directory}/$1"`)
  const [lab = ""] = /^ {2}lab \{[\s\S]*?^ {2}\}\n/m.exec(own) ?? []
  return own.replace(lab, lab + lab.replaceAll("lab", "other"))
}

/** A nats-server as the README says, and who may use it for `lab`. */
export const natsSite = Effect.gen(function* () {
  const files = yield* FileSystem.FileSystem
  const directory = yield* RawNats.temporary
  const authority = yield* Pki.authority("plugins")
  const server = yield* Pki.issue(authority, { commonName: "nats", hosts: [host], usages: ["server"] })
  const client = (commonName: string) => Pki.issue(authority, { commonName, usages: ["client"] })
  const written = { "ca.crt": authority.cert, "tls.crt": server.cert, "tls.key": server.key }
  for (const [name, text] of Object.entries(written)) yield* files.writeFileString(`${directory}/${name}`, text)
  const text = configuration(directory)
  const { child, healthy, servers } = yield* RawNats.start(text)
  yield* healthy
  return {
    nats: servers.replace("nats://", "tls://"),
    ca: authority.cert,
    child,
    again: Effect.flatMap(RawNats.start(text, Number(servers.split(":").at(-1))), ({ healthy }) => healthy),
    machine: yield* client("lab-machine"),
    cluster: yield* client("lab-cluster"),
    other: yield* client("other-cluster"),
    /** Of the same authority, and of nobody that may anything. */
    stranger: yield* client("somebody")
  }
}).pipe(Effect.provide(NodeServices.layer))

type Module = Pick<Isolate.Serving, "name" | "module" | "budgets">

export interface Far {
  readonly remote: Isolate.Remote
  /** The same, for somebody who may not. */
  readonly refused: Isolate.Remote
}

const overTls = Effect.fnUntraced(function* (module: Module) {
  const authority = yield* Pki.authority("plugins")
  const server = yield* Pki.issue(authority, { commonName: "plugin", hosts: [host], usages: ["server"] })
  const client = yield* Pki.issue(authority, { commonName: "cluster", usages: ["client"] })
  const other = yield* Pki.issue(yield* Pki.authority("plugins"), { commonName: "cluster", usages: ["client"] })
  const port = yield* Isolate.serve({ ...module, host, port: 0, ca: authority.cert, ...server })
  const at = { host, port, ca: authority.cert }
  const far: Far = { remote: { ...at, ...client }, refused: { ...at, ...other } }
  return far
})

const overNats = Effect.fnUntraced(function* (module: Module) {
  const { ca, cluster, machine, nats, stranger } = yield* natsSite
  const at = { nats, subject, ca }
  yield* Isolate.serveNats({ ...module, ...at, ...machine })
  const far: Far = { remote: { ...at, ...cluster }, refused: { ...at, ...stranger } }
  return far
})

export const ways = [
  { title: "remote, over TLS", lacks: [], at: overTls },
  { title: "remote, over NATS", lacks: RawNats.lacks, at: overNats }
]
