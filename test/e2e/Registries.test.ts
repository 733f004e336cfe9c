/** Pods whose images lie in registries that want to know who pulls: by password, by token, and by each who knows logins. */
import { afterEach, assert, describe, layer } from "@effect/vitest"
import { Effect, Layer, Schedule } from "effect"
import { spawn, spawnSync } from "node:child_process"
import { chmodSync, mkdirSync, rmSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { fileURLToPath } from "node:url"
import { Client } from "../../kernel/client/Client.ts"
import * as Pki from "../../plugins/certificates/contracts/Pki.ts"
import { Pod, Secret } from "../../plugins/resources/contracts/core/v1.ts"
import { acrToken, environment } from "../registry/TokenServices.ts"
import * as Cluster from "./Cluster.ts"
import { at, container, eventsOf, eventually, find, firstStatus, isReady } from "./Eventually.ts"
import * as Images from "./Images.ts"
import * as Machine from "./Machine.ts"
import * as Site from "./Site.ts"

const missing = [...Machine.missing, ...["docker-registry", "skopeo", "perl"].filter((program) => !Machine.has(program))]

const [password, token, services] = ["127.0.0.1:5001", "127.0.0.1:5002", "127.0.0.1:5003"]

/** As htpasswd has it; the registry takes bcrypt alone. */
const line = (user: string, secret: string) => {
  const script = 'print crypt($ARGV[0], q($2b$05$) . "keelsonkeelsonkeelso" . "O.")'
  return `${user}:${spawnSync("perl", ["-e", script, secret]).stdout.toString()}\n`
}

const registry = (folder: string, port: string, auth: object) => ({
  version: "0.1",
  log: { level: "error" },
  storage: { filesystem: { rootdirectory: join(folder, "images") }, cache: { blobdescriptor: "inmemory" } },
  http: { addr: port },
  auth
})

/** A program of the cluster's machine, until the scope closes. */
const run = Effect.fnUntraced(function* (program: string, ...args: ReadonlyArray<string>) {
  const { inside } = yield* Site.Site
  const [launcher = "", ...before] = inside
  yield* Effect.acquireRelease(
    Effect.sync(() => spawn(launcher, [...before, program, ...args], { stdio: "ignore" })),
    (child) => Effect.sync(() => child.kill("SIGKILL"))
  )
})

const inside = (program: string, ...args: ReadonlyArray<string>) =>
  Effect.flatMap(Site.Site, ({ inside: [launcher = "", ...before] }) => Machine.run(launcher, [...before, program, ...args]))

const answers = (url: string) =>
  inside("timeout", "5", "busybox", "wget", "-qO-", "--spider", url).pipe(
    Effect.repeat({
      until: ({ stderr }) => !/refused/.test(stderr),
      schedule: Schedule.spaced("100 millis"),
      times: 300
    })
  )

/** Two registries of the same images, and the services of tokens. */
const registries = Effect.gen(function* () {
  const { dataDir } = yield* Site.Site
  const folder = join(dataDir, "registries")
  mkdirSync(join(folder, "bin"), { recursive: true })
  const { cert, key } = yield* Pki.authority("laws")
  const users = [
    line("me", "secret"),
    line("AWS", "ecr-password"),
    line("oauth2accesstoken", "gar-token"),
    line("vault", "open"),
    line("00000000-0000-0000-0000-000000000000", yield* Effect.promise(acrToken))
  ]
  const write = (name: string, text: string | Uint8Array) => {
    writeFileSync(join(folder, name), text, { mode: 0o600 })
    return join(folder, name)
  }
  const htpasswd = { realm: "laws", path: write("users", users.join("")) }
  const central = {
    realm: `http://${services}/token`,
    service: "laws",
    issuer: "laws",
    rootcertbundle: write("ca.pem", cert)
  }
  const first = write("password.yml", JSON.stringify(registry(folder, password, { htpasswd })))
  const second = write("token.yml", JSON.stringify(registry(folder, token, { token: central })))
  const program = fileURLToPath(new URL("./RegistryServices.ts", import.meta.url))
  yield* run("docker-registry", "serve", first)
  yield* run("docker-registry", "serve", second)
  yield* run(process.execPath, "--import", "tsx", program, services.split(":")[1] ?? "", password, cert, key)
  yield* Effect.forEach([password, token, services], (one) => answers(`http://${one}/v2/`))
  const archive = write("image.tar", Images.archives().at(-1) ?? new Uint8Array())
  yield* Effect.forEach(
    ["own", "central", "ecr", "gar", "acr", "vault"],
    (name) =>
      Effect.map(
        inside(
          ...([
            "skopeo",
            "copy",
            "--quiet",
            "--insecure-policy",
            "--dest-tls-verify=false",
            "--dest-creds",
            "me:secret"
          ] as const),
          ...[`docker-archive:${archive}`, `docker://${password}/${name}/tools:1`]
        ),
        ({ code, stderr }) => assert.strictEqual(code, 0, stderr)
      ),
    { discard: true }
  )
  const vault = join(folder, "bin", "vault")
  const response = {
    apiVersion: "credentialprovider.kubelet.k8s.io/v1",
    kind: "CredentialProviderResponse",
    cacheKeyType: "Image",
    cacheDuration: "0s",
    auth: { [`${password}/vault`]: { username: "vault", password: "open" } }
  }
  writeFileSync(
    vault,
    `#!/bin/sh\n[ -e ${folder}/closed ] && { echo the vault is closed >&2; exit 1; }\necho '${JSON.stringify(response)}'\n`
  )
  chmodSync(vault, 0o755)
  const provider = {
    name: "vault",
    matchImages: [`${password}/vault`],
    defaultCacheDuration: "0s",
    apiVersion: response.apiVersion
  }
  const config = { apiVersion: "kubelet.config.k8s.io/v1", kind: "CredentialProviderConfig", providers: [provider] }
  yield* environment({
    AWS_ACCESS_KEY_ID: "id",
    AWS_SECRET_ACCESS_KEY: "secret",
    AWS_REGION: "eu-west-1",
    AWS_ENDPOINT_URL_ECR: `http://${services}/ecr`,
    GCE_METADATA_HOST: services,
    METADATA_SERVER_DETECTION: "assume-present",
    IDENTITY_ENDPOINT: `http://${services}/msi`,
    IDENTITY_HEADER: "header"
  })
  return [
    ...["--registry-credentials", `ecr=${password}/ecr,gar=${password}/gar,acr=${services}/acr`],
    ...["--image-credential-provider-config", write("providers.yaml", JSON.stringify(config))],
    ...["--image-credential-provider-bin-dir", join(folder, "bin")]
  ]
})

const cluster = Layer.unwrap(Effect.map(registries, (flags) => Cluster.layer({ flags })))

const pod = (name: string, image: string, more: object = {}) => ({
  metadata: at(name),
  spec: { terminationGracePeriodSeconds: 0, containers: [container(image, { imagePullPolicy: "Always" })], ...more }
})
const runs = Effect.fnUntraced(function* (name: string, image: string, more: object = {}) {
  const client = yield* Client
  yield* client.create(Pod, pod(name, image, more))
  yield* eventually(`${name} runs`, 30, find(Pod, at(name)), isReady)
})
/** The Pod waits for its image, and its events say why. */
const waits = Effect.fnUntraced(function* (name: string, image: string, why: RegExp, more: object = {}) {
  const client = yield* Client
  yield* client.create(Pod, pod(name, image, more))
  const reason = Effect.map(find(Pod, at(name)), (pod) => firstStatus(pod)?.state?.waiting?.reason)
  yield* eventually(`${name} waits`, 30, reason, (said) => said === "ErrImagePull" || said === "ImagePullBackOff")
  yield* eventually(`it is told why ${name} waits`, 10, eventsOf(name), (events) => why.test(events.join("\n")))
})
const secret = (name: string, server: string, login: string) => ({
  metadata: at(name),
  type: "kubernetes.io/dockerconfigjson",
  stringData: {
    ".dockerconfigjson": JSON.stringify({ auths: { [server]: { auth: Buffer.from(login).toString("base64") } } })
  }
})
const by = (...names: ReadonlyArray<string>) => ({ imagePullSecrets: names.map((name) => ({ name })) })
const tell = (method: "POST" | "DELETE", path: string) => {
  const url = `http://${services}/ill?path=${encodeURIComponent(path)}`
  return inside(process.execPath, "-e", `fetch(${JSON.stringify(url)}, { method: ${JSON.stringify(method)} })`)
}

describe.skipIf(missing.length > 0)(`registries that want a login${Machine.left(missing)}`, () => {
  afterEach(({ task }) => {
    if (task.result?.state === "fail")
      console.log(`what the cluster said before "${task.name}" failed:\n${Cluster.story.of()}`)
  })
  layer(Site.layer, { excludeTestServices: true, timeout: "60 seconds" })((it) => {
    it.layer(cluster, { timeout: "240 seconds" })((it) => {
      it.effect("by the password and by the token of a pull secret; not without, and not with another's", () =>
        Effect.gen(function* () {
          const client = yield* Client
          yield* client.create(Secret, secret("right", password, "me:secret"))
          yield* client.create(Secret, secret("central", token, "me:secret"))
          yield* client.create(Secret, secret("wrong", password, "me:guess"))
          yield* client.create(Secret, secret("uncentral", token, "me:guess"))
          const no = /Failed to pull image.*(401|unauthorized|authoriz)/is
          yield* Effect.all(
            [
              waits("none", `${password}/own/tools:1`, no),
              waits("wrong", `${password}/own/tools:1`, no, by("wrong")),
              waits("uncentral", `${token}/central/tools:1`, no, by("uncentral")),
              runs("own", `${password}/own/tools:1`, by("wrong", "right")),
              runs("central", `${token}/central/tools:1`, by("central"))
            ],
            { concurrency: "unbounded" }
          )
        })
      )
      it.effect("what was pulled with a login is not had without one", () =>
        Effect.gen(function* () {
          const image = `${password}/own/tools:1`
          const there = (more: object) => ({ containers: [container(image, { imagePullPolicy: "IfNotPresent" })], ...more })
          yield* Effect.all(
            [waits("thief", image, /Failed to pull image/, there({})), runs("owner", image, there(by("right")))],
            {
              concurrency: "unbounded"
            }
          )
          yield* eventually("it was not pulled again", 10, eventsOf("owner"), (events) =>
            events.some((event) => event.includes("already present on machine and can be accessed by the pod"))
          )
        })
      )
      it.effect("by each who knows logins: the failure of each is an event that can be read", () =>
        Effect.gen(function* () {
          const { dataDir } = yield* Site.Site
          const closed = join(dataDir, "registries", "closed")
          const metadata = "/computeMetadata/v1/instance/service-accounts/default/token"
          const paths = ["/ecr/", metadata, "/oauth2/exchange"]
          writeFileSync(closed, "")
          yield* Effect.forEach(paths, (path) => tell("POST", path))
          const no = (provider: string, why: string) =>
            new RegExp(`FailedToGetImageCredentials: Credential provider "${provider}" has no login for image .*${why}`)
          yield* Effect.all(
            [
              waits("no-vault", `${password}/vault/tools:1`, no("vault", "the vault is closed")),
              waits("no-ecr", `${password}/ecr/tools:1`, no("ecr", "the service says no")),
              waits("no-gar", `${password}/gar/tools:1`, no("gar", "")),
              waits("no-acr", `${services}/acr/tools:1`, no("acr", "exchanges no token: 403"))
            ],
            { concurrency: "unbounded" }
          )
          rmSync(closed)
          yield* Effect.forEach(paths, (path) => tell("DELETE", path))
          yield* Effect.all(
            [
              runs("vault", `${password}/vault/tools:1`),
              runs("ecr", `${password}/ecr/tools:1`),
              runs("gar", `${password}/gar/tools:1`),
              runs("acr", `${services}/acr/tools:1`)
            ],
            { concurrency: "unbounded" }
          )
        })
      )
    })
  })
})
