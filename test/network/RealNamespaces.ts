/** Network namespaces of the machine, for the checks of networks: named after the folder of the test, so that none is overlooked. */
import { Effect, Layer } from "effect"
import { type ChildProcess, execFile, spawn } from "node:child_process"
import { basename } from "node:path"
import { Namespaces } from "../../conformance/NetworkAttachment.ts"
import { sh } from "./Netns.ts"

export const layer = (directory: string) =>
  Layer.sync(Namespaces, () => {
    let last = 0
    const nameOf = (path: string) => basename(path)
    const remove = (path: string) => Effect.asVoid(sh(`ip netns delete ${nameOf(path)}`))
    return Namespaces.of({
      make: Effect.acquireRelease(
        Effect.suspend(() => {
          const name = `${basename(directory)}-${++last}`
          return Effect.as(sh(`ip netns add ${name}`), `/run/netns/${name}`)
        }),
        (path) => Effect.ignore(remove(path))
      ),
      remove
    })
  })

const node = (namespace: string, code: string) => [`--net=${namespace}`, process.execPath, "-e", code] as const

/** Answers over TCP, by both families, with the address of who asks. */
export const serve = (namespace: string, port: number) =>
  Effect.acquireRelease(
    Effect.callback<ChildProcess, Error>((resume) => {
      const code = `require("net").createServer((s) => s.end(s.remoteAddress)).listen(${port}, "::", () => console.log(1))`
      const child = spawn("nsenter", node(namespace, code), { stdio: ["ignore", "pipe", "inherit"] })
      child.stdout.once("data", () => resume(Effect.succeed(child)))
      child.once("exit", (status) => resume(Effect.fail(new Error(`the server ended with ${status}`))))
    }),
    (child) => Effect.sync(() => child.kill("SIGKILL"))
  )

/** What the server at this address says. */
export const ask = (namespace: string, address: string, port: number) =>
  Effect.callback<string, Error>((resume) => {
    const code = `const s = require("net").connect({ host: "${address}", port: ${port}, timeout: 20000 })
      s.on("data", (text) => process.stdout.write(String(text).replace("::ffff:", "")))
      s.on("timeout", () => { console.error("TIMEOUT"); process.exit(1) })
      s.on("error", ({ message }) => { console.error(message); process.exit(1) })`
    execFile("nsenter", [...node(namespace, code)], (error, stdout, stderr) =>
      resume(error === null ? Effect.succeed(stdout) : Effect.fail(new Error(`${address}:${port}: ${stderr}`)))
    )
  })
