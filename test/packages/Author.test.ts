/** The README's way of an author, line by line: from `keelson plugin new` to Pods that the new plugin has placed, on a cluster that runs. */
import { NodeServices } from "@effect/platform-node"
import { assert, describe, it } from "@effect/vitest"
import { Effect, FileSystem, Layer, Schedule } from "effect"
import { execFile } from "node:child_process"
import { readFileSync } from "node:fs"
import { join } from "node:path"
import { fileURLToPath } from "node:url"
import * as ControlPlane from "../../bin/ControlPlane.ts"
import * as Keys from "../../bin/Keys.ts"
import * as Paths from "../../bin/Paths.ts"
import * as Ready from "../../bin/Ready.ts"
import * as Server from "../../bin/Server.ts"
import * as Settings from "../../bin/Settings.ts"
import * as Machine from "../../conformance/stage/Machine.ts"
import { freePort } from "../../kernel/FreePort.ts"
import { Client } from "../../kernel/client/Client.ts"
import * as MemoryLog from "../../kernel/store/memory/MemoryLog.ts"
import { Node } from "../../plugins/resources/contracts/core/v1.ts"
import { left } from "../Left.ts"
import { draftOf } from "../scheduler/Nodes.ts"

const root = fileURLToPath(new URL("../../", import.meta.url))
const readme = readFileSync(join(root, "plugins/packages/README.md"), "utf8")

interface Step {
  readonly command: string
  readonly printed: ReadonlyArray<string>
}
const steps: ReadonlyArray<Step> = (/```console\n(.*?)```/s.exec(readme)?.[1] ?? "")
  .split(/^\$ /m)
  .slice(1)
  .map((step) => {
    const [command = "", ...printed] = step.trimEnd().split("\n")
    return { command, printed }
  })

/** A control plane in this process; its nodes are objects, and nobody misses them. */
const cluster = Effect.gen(function* () {
  const files = yield* FileSystem.FileSystem
  const home = yield* files.makeTempDirectoryScoped({ prefix: "keelson-author-" })
  const settings: Settings.Settings = {
    ...Settings.defaults(),
    dataDir: join(home, ".keelson"),
    nodeName: "n1",
    nodeIp: "127.0.0.1",
    apiPort: yield* freePort,
    store: "memory",
    controllers: ["*", "-node-lifecycle"]
  }
  const paths = Paths.make(settings.dataDir, settings.nodeName)
  const keys = yield* Keys.open(settings, paths)
  const options = yield* Server.optionsOf(settings, paths)
  yield* Layer.build(ControlPlane.controlPlane({ ...options, log: MemoryLog.layer }))
  const client = yield* Effect.provide(Client, yield* Layer.build(Ready.client(settings, keys)))
  for (const name of ["n1", "n2"]) {
    const { metadata, status } = draftOf(name)
    yield* client.create(Node, { metadata: { name, labels: metadata.labels } })
    // Others write it, too.
    const key = { namespace: "", name }
    yield* client.patch(Node, key, "merge", { status: { allocatable: status.allocatable } }, { subresource: "status" })
    yield* client.patch(Node, key, "merge", { spec: { taints: null } })
  }
  const shim = join(home, "bin")
  yield* files.makeDirectory(shim)
  yield* files.writeFileString(join(shim, "keelson"), `#!/bin/sh\nexec ${root}bin/keelson "$@"\n`, { mode: 0o755 })
  return { home, kubeconfig: paths.kubeconfig, shim }
})

/** In a shell of the author's; what it printed, or what it printed and failed with. */
const shell = (command: string, { home, kubeconfig, shim }: Effect.Success<typeof cluster>) =>
  Effect.callback<string, Error>((resume) => {
    const path = `${shim}:${join(root, "node_modules/.bin")}:${process.env["PATH"]}`
    const env = { ...process.env, HOME: home, KUBECONFIG: kubeconfig, PATH: path, KEELSON_SOURCE: "1" }
    const child = execFile("sh", ["-c", command], { cwd: home, env }, (error, stdout, stderr) =>
      resume(error === null ? Effect.succeed(stdout) : Effect.fail(new Error(`${command}: ${stdout}${stderr}`)))
    )
    return Effect.sync(() => child.kill())
  })

const words = (text: string) => text.trim().replaceAll(/\s+/g, " ")

/** What a step reads may take a moment to come to be. */
const taken = (step: Step, site: Effect.Success<typeof cluster>) => {
  const once = Effect.gen(function* () {
    const lines = (yield* shell(step.command, site)).split("\n").map(words)
    for (const line of step.printed)
      if (!lines.some((printed) => printed.startsWith(words(line))))
        return yield* Effect.fail(new Error(`${step.command} did not print ${line}, but ${lines.join("\n")}`))
  })
  const reads = step.command.startsWith("kubectl get")
  return reads ? Effect.retry(once, { schedule: Schedule.spaced("300 millis"), times: 100 }) : once
}

const lacks = Machine.lacking("kubectl")
describe.skipIf(lacks.length > 0)(`an author's first plugin, as plugins/packages/README.md has it${left(lacks)}`, () => {
  it.live(
    "each line does what it says, within ten commands",
    () =>
      Effect.gen(function* () {
        assert.isAtMost(steps.length, 10)
        const site = yield* cluster
        for (const step of steps) yield* taken(step, site)
      }).pipe(Effect.scoped, Effect.provide(NodeServices.layer)),
    300_000
  )
})
