/**
 * The logins of docker's configuration files, and of the programs that they name. Source: docker login, "Credential stores" and
 * "Credential helpers"; the programs' protocol is that of docker-credential-helpers: the server on standard input, JSON back.
 */
import { Effect, Layer, Schema } from "effect"
import { execFile } from "node:child_process"
import { readFileSync } from "node:fs"
import * as DockerConfig from "../../../plugins/kubelet/contracts/DockerConfig.ts"
import {
  ImageCredentials,
  type Login,
  NoCredentials,
  type Provider
} from "../../../plugins/kubelet/contracts/ImageCredentials.ts"
import { matches, patternOf } from "../../../plugins/kubelet/contracts/ImagePatterns.ts"

export interface Options {
  /** The first that has a login for an image gives it. */
  readonly files: ReadonlyArray<string>
}

const Helped = Schema.fromJsonString(Schema.Struct({ Username: Schema.String, Secret: Schema.String }))
const decode = Schema.decodeUnknownEffect(Helped)

const read = (file: string) =>
  Effect.orElseSucceed(
    Effect.try(() => DockerConfig.read(readFileSync(file, "utf8"))),
    (): DockerConfig.Config => ({})
  )

/** A user's name of this form says that the secret is an identity token. */
const tokenUser = "<token>"

const unknown = /credentials not found/i

const ask = Effect.fnUntraced(function* (helper: string, server: string) {
  const program = `docker-credential-${helper}`
  const told = yield* Effect.callback<string, string>((resume) => {
    const child = execFile(program, ["get"], { timeout: 30_000 }, (error, stdout, stderr) =>
      resume(error === null ? Effect.succeed(stdout) : Effect.fail(`${stdout}${stderr}`.trim() || error.message))
    )
    // One that ends without reading is told by its exit.
    child.stdin?.on("error", () => undefined).end(server)
    return Effect.sync(() => child.kill("SIGKILL"))
  })
  const { Secret, Username } = yield* Effect.mapError(decode(told), ({ message }) => message)
  return Username === tokenUser ? { username: "", identityToken: Secret } : { username: Username, password: Secret }
})

/** By pattern: a login that stands there, or the program that has it, and under which name it knows the server. */
const entries = ({ auths = {}, credHelpers = {}, credsStore }: DockerConfig.Config) => {
  const written = DockerConfig.logins(auths).map(([pattern, login]) => [pattern, Effect.succeed(login)] as const)
  const stored = credsStore === undefined ? [] : Object.keys(auths).map((server) => [server, credsStore] as const)
  const helped = [...Object.entries(credHelpers), ...stored].map(
    ([server, helper]) => [patternOf(server), ask(helper, server)] as const
  )
  return new Map<string, Effect.Effect<Login, string>>([...written, ...helped])
}

export const make = ({ files }: Options): Provider => {
  const all = Effect.map(Effect.forEach(files, read), (configs) => configs.flatMap((one) => [...entries(one)]))
  return {
    describe: () => Effect.map(all, (found) => ({ name: "docker-config", images: found.map(([pattern]) => pattern) })),
    get: Effect.fn("docker-config.get")(function* ({ image }) {
      const logins: Record<string, Login> = {}
      for (const [pattern, login] of yield* all) {
        if (pattern in logins || !matches(pattern, image)) continue
        const found = yield* Effect.catch(login, (message) =>
          unknown.test(message) ? Effect.succeed(undefined) : Effect.fail(new NoCredentials({ image, message }))
        )
        if (found !== undefined) logins[pattern] = found
      }
      return { logins, keptFor: "Image", keptMillis: 0 }
    })
  }
}

export const layer = (options: Options) => Layer.sync(ImageCredentials, () => make(options))
