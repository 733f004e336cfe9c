/** Programs of upstream's control plane beside an API server, which may be ours: what they are told, and a client of the same server. */
import { Effect, Layer } from "effect"
import { spawn } from "node:child_process"
import { once } from "node:events"
import { mkdtempSync, openSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import * as Https from "../../adapters/client/https/Https.ts"
import * as Program from "../../adapters/Program.ts"
import type { Endpoint } from "../../conformance/stage/Endpoint.ts"
import * as ApiClient from "../../kernel/client/ApiClient.ts"
import { freePort } from "../../kernel/FreePort.ts"
import * as Upstream from "./Upstream.ts"

export const directory = Effect.acquireRelease(
  Effect.sync(() => mkdtempSync(join(tmpdir(), "keelson-beside-"))),
  (path) => Effect.sync(() => rmSync(path, { recursive: true, force: true }))
)

export const clientOf = ({ ca, cert, key, server }: Endpoint) => {
  const certificate = cert === undefined || key === undefined ? {} : { clientCertificate: cert, clientKey: key }
  return Layer.provideMerge(ApiClient.layer, Https.layer({ server, ...(ca !== undefined && { ca }), ...certificate }))
}

/** Runs until the scope closes. What it wrote last is shown if that goes wrong. */
export const program = Effect.fnUntraced(function* (
  name: "kube-controller-manager" | "kube-scheduler",
  path: string,
  { ca = "", cert = "", key = "", server }: Endpoint,
  further: { readonly [flag: string]: string } = {}
) {
  const kubeconfig = join(path, `${name}.kubeconfig`)
  writeFileSync(kubeconfig, Upstream.kubeconfig(server, ca, { cert, key }), { mode: 0o600 })
  const flags = [`--kubeconfig=${kubeconfig}`, "--leader-elect=false", "--bind-address=127.0.0.1", `--cert-dir=${path}`]
  const more = Object.entries(further).map(([flag, value]) => `--${flag}=${value}`)
  const log = join(path, `${name}.log`)
  const out = openSync(log, "a")
  const port = yield* freePort
  yield* Effect.acquireRelease(
    Effect.sync(() =>
      spawn(Program.find(name) ?? name, [...flags, ...more, `--secure-port=${port}`], { stdio: ["ignore", out, out] })
    ),
    (child) =>
      Effect.promise(async () => {
        if (child.exitCode !== null) return
        const gone = once(child, "exit")
        child.kill("SIGKILL")
        await gone
      })
  )
  yield* Effect.addFinalizer((exit) =>
    exit._tag === "Success" ? Effect.void : Effect.logError(readFileSync(log, "utf8").slice(-3000))
  )
})
