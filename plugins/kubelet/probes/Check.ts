/** Asks a container how it is, or tells it something: what probes and hooks have in common. */
import { Effect, Schema } from "effect"
import { request as http } from "node:http"
import { request as https } from "node:https"
import { connect } from "node:net"
import type { Container, HTTPGetAction, Probe } from "../../resources/contracts/core/v1.ts"
import { Exec } from "../contracts/Exec.ts"
import { checkGrpc } from "./Grpc.ts"

/** What the container answered, or that it did not. */
export class CheckFailed extends Schema.TaggedError<CheckFailed>()("CheckFailed", { message: Schema.String }) {}

export interface Target {
  readonly container: Container
  readonly id: string
  /** Where the Pod is reached from its node. */
  readonly address: string
}

/** A number, or the name of one of the container's ports. */
export const portOf = ({ ports = [] }: Container, port: number | string) =>
  typeof port === "number" ? port : (ports.find(({ name }) => name === port)?.containerPort ?? Number(port))

const fail = (message: string) => Effect.fail(new CheckFailed({ message }))

export const httpGet = ({ host, httpHeaders = [], path, port, scheme }: HTTPGetAction, { address, container }: Target) =>
  Effect.callback<void, CheckFailed>((resume) => {
    const secure = scheme.toUpperCase() === "HTTPS"
    const url = `${scheme.toLowerCase()}://${host ?? address}:${portOf(container, port)}${path.startsWith("/") ? path : `/${path}`}`
    const headers = Object.fromEntries(httpHeaders.map(({ name, value }) => [name, value]))
    const options = {
      headers: { "user-agent": "kube-probe/1.36", accept: "*/*", connection: "close", ...headers },
      // A probe asks whether somebody answers, not who.
      ...(secure && { rejectUnauthorized: false })
    }
    const request = (secure ? https : http)(url, options, (response) => {
      const status = response.statusCode ?? 0
      let body = ""
      response.on("data", (chunk: Buffer) => (body = body.length < 1024 ? body + chunk.toString() : body))
      response.on("error", (error) => resume(fail(error.message)))
      response.on("end", () =>
        resume(status >= 200 && status < 400 ? Effect.void : fail(`HTTP probe failed with statuscode: ${status}`))
      )
    })
    request.on("error", (error) => resume(fail(`Get "${url}": ${error.message}`)))
    request.end()
    return Effect.sync(() => request.destroy())
  })

export const tcp = (host: string, port: number) =>
  Effect.callback<void, CheckFailed>((resume) => {
    const socket = connect({ host, port })
    socket.on("connect", () => resume(Effect.void))
    socket.on("error", (error) => resume(fail(`dial tcp ${host}:${port}: ${error.message}`)))
    return Effect.sync(() => socket.destroy())
  }).pipe(Effect.scoped)

export const exec = Effect.fnUntraced(function* (id: string, command: ReadonlyArray<string>, timeoutSeconds: number) {
  const { run } = yield* Exec
  const { exitCode, stderr, stdout } = yield* run({ id, command, timeoutSeconds }).pipe(
    Effect.mapError((failure) => {
      if (failure._tag === "CommandTimeout")
        return new CheckFailed({ message: `command timed out: ${command.join(" ")} timed out after ${failure.seconds}s` })
      return new CheckFailed({ message: failure._tag === "CommandFailed" ? failure.message : failure._tag })
    })
  )
  if (exitCode !== 0) yield* fail(Buffer.concat([stdout, stderr]).toString("utf8").trim() || `exit code ${exitCode}`)
})

const within =
  (seconds: number) =>
  <E, R>(check: Effect.Effect<void, E, R>) =>
    Effect.timeoutOrElse(check, {
      duration: `${seconds} seconds`,
      orElse: () => fail(`no answer within ${seconds}s`)
    })

export const probe = (probe: Probe, target: Target): Effect.Effect<void, CheckFailed, Exec> => {
  const { exec: command, grpc, httpGet: get, tcpSocket, timeoutSeconds } = probe
  const limit = within(timeoutSeconds)
  if (command) return exec(target.id, command.command ?? [], timeoutSeconds)
  if (get) return limit(httpGet(get, target))
  if (tcpSocket) return limit(tcp(tcpSocket.host || target.address, portOf(target.container, tcpSocket.port)))
  if (grpc) {
    return limit(
      Effect.mapError(checkGrpc(target.address, grpc.port, grpc.service), (message) => new CheckFailed({ message }))
    )
  }
  return fail("the probe has no action")
}
