/** The laws of `ImageCredentials` by every provider that there is, each before a token service as its cloud has it. */
import { assert, describe, it } from "@effect/vitest"
import { Effect, Layer } from "effect"
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import * as Acr from "../../adapters/registry/acr/Acr.ts"
import * as DockerConfigFiles from "../../adapters/registry/docker-config/DockerConfigFiles.ts"
import * as Ecr from "../../adapters/registry/ecr/Ecr.ts"
import * as Configuration from "../../adapters/registry/exec/Configuration.ts"
import * as Exec from "../../adapters/registry/exec/Exec.ts"
import * as Gar from "../../adapters/registry/gar/Gar.ts"
import * as Suite from "../../conformance/ImageCredentials.ts"
import { ImageCredentials } from "../../plugins/kubelet/contracts/ImageCredentials.ts"
import { sabotage, verify } from "../Verify.ts"
import { environment, TokenServices } from "./TokenServices.ts"

const folder = Effect.acquireRelease(
  Effect.sync(() => mkdtempSync(join(tmpdir(), "keelson-registry-"))),
  (path) => Effect.sync(() => rmSync(path, { recursive: true, force: true }))
)

const script = (path: string, text: string) => {
  writeFileSync(path, `#!/bin/sh\n${text}\n`)
  chmodSync(path, 0o755)
}

const provider: Configuration.Provider = {
  name: "vault",
  matchImages: ["*.vault.example"],
  defaultCacheDuration: "1m",
  apiVersion: "credentialprovider.kubelet.k8s.io/v1"
}
const said = (more: object) =>
  JSON.stringify({
    apiVersion: provider.apiVersion,
    kind: "CredentialProviderResponse",
    cacheKeyType: "Registry",
    cacheDuration: "2m",
    auth: { "*.vault.example": { username: "u", password: "p" } },
    ...more
  })

const exec = Effect.map(folder, (directory) => {
  script(join(directory, "vault"), `cat > ${directory}/asked; echo '${said({})}'`)
  return { directory, layer: Exec.layer({ provider, directory }) }
})
verify("a program of upstream's protocol", Suite.suite, Layer.unwrap(Effect.map(exec, ({ layer }) => layer)))
sabotage(Suite.suite, Layer.unwrap(Effect.map(exec, ({ layer }) => layer)))

const dockerConfig = Effect.map(folder, (directory) => {
  const file = join(directory, "config.json")
  const auth = Buffer.from("me:secret").toString("base64")
  writeFileSync(file, JSON.stringify({ auths: { "https://r.example/v2/": { auth } }, credHelpers: { "h.example": "laws" } }))
  mkdirSync(join(directory, "bin"))
  script(
    join(directory, "bin", "docker-credential-laws"),
    `read server; [ "$server" = h.example ] && echo '{"Username":"<token>","Secret":"t"}' || { echo credentials not found; exit 1; }`
  )
  return { directory, layer: DockerConfigFiles.layer({ files: [join(directory, "absent"), file] }) }
})
verify("docker's files", Suite.suite, Layer.unwrap(Effect.map(dockerConfig, ({ layer }) => layer)))

/** As an instance of each cloud has them, before services of this machine. */
const cloud = (make: (address: string) => Layer.Layer<ImageCredentials>) =>
  Layer.unwrap(
    Effect.gen(function* () {
      const { address } = yield* TokenServices
      yield* environment({
        AWS_ACCESS_KEY_ID: "id",
        AWS_SECRET_ACCESS_KEY: "secret",
        AWS_REGION: "eu-west-1",
        AWS_ENDPOINT_URL_ECR: `http://${address}/ecr`,
        GCE_METADATA_HOST: address,
        METADATA_SERVER_DETECTION: "assume-present",
        IDENTITY_ENDPOINT: `http://${address}/msi`,
        IDENTITY_HEADER: "header"
      })
      return make(address)
    })
  ).pipe(Layer.provideMerge(TokenServices.layer))

const ask = (image: string) => Effect.flatMap(ImageCredentials, (provider) => provider.get({ image }))

const ecr = cloud(() => Ecr.layer())
const gar = cloud(() => Gar.layer())
/** The laws ask the first of its patterns: here, of the registry that there is. */
const acr = cloud((address) => {
  const { get, ...provider } = Acr.make({ images: [address] })
  return Layer.succeed(ImageCredentials, {
    ...provider,
    describe: () => Effect.map(provider.describe(), (all) => ({ ...all, images: all.images.toReversed() })),
    get
  })
})
verify("Amazon's", Suite.suite, ecr)
verify("Google's", Suite.suite, gar)
verify("Azure's", Suite.suite, acr)

describe("registries of clouds", () => {
  it.live("Amazon's: a token for the account's registry in the image's region", () =>
    Effect.gen(function* () {
      const { keptFor, keptMillis, logins } = yield* ask("1.dkr.ecr.eu-west-1.amazonaws.com/a:1")
      assert.deepStrictEqual(logins, { "*.dkr.ecr.*.amazonaws.com": { username: "AWS", password: "ecr-password" } })
      assert.strictEqual(keptFor, "Registry")
      assert.isAbove(keptMillis, 11 * 3_600_000)
      assert.deepStrictEqual((yield* ask("busybox")).logins, {})
    }).pipe(Effect.provide(ecr))
  )
  it.live("Google's: the access token", () =>
    Effect.gen(function* () {
      const { keptFor, keptMillis, logins } = yield* ask("europe-docker.pkg.dev/p/r/a:1")
      assert.deepStrictEqual(logins, { "*.pkg.dev": { username: "oauth2accesstoken", password: "gar-token" } })
      assert.strictEqual(keptFor, "Global")
      assert.isAbove(keptMillis, 50 * 60_000)
    }).pipe(Effect.provide(gar))
  )
  it.live("Google's: a metadata server that was not there at first is found when it is", () =>
    Effect.gen(function* () {
      const { ill } = yield* TokenServices
      yield* environment({ METADATA_SERVER_DETECTION: "ping-only" })
      ill.add("/computeMetadata/v1/instance")
      assert.include((yield* Effect.flip(ask("gcr.io/p/a:1"))).message, "default credentials")
      ill.clear()
      assert.isNotEmpty((yield* ask("gcr.io/p/a:1")).logins)
    }).pipe(Effect.scoped, Effect.provide(gar))
  )
  it.live("Azure's: exchanged at the registry, and why not", () =>
    Effect.gen(function* () {
      const { address, ill } = yield* TokenServices
      const { keptMillis, logins } = yield* ask(`${address}/a:1`)
      assert.strictEqual(logins[address]?.username, "00000000-0000-0000-0000-000000000000")
      assert.isAbove(keptMillis, 2 * 3_600_000)
      ill.add("/oauth2/exchange")
      const refused = yield* Effect.flip(ask(`${address}/a:1`))
      assert.include(refused.message, "exchanges no token: 403")
    }).pipe(Effect.provide(acr))
  )
})

describe("docker's files", () => {
  it.live("a program has the login that is not written down", () =>
    Effect.gen(function* () {
      const { directory, layer } = yield* dockerConfig
      yield* environment({ PATH: `${directory}/bin:${process.env["PATH"]}` })
      const { logins } = yield* Effect.provide(ask("h.example/a"), layer)
      assert.deepStrictEqual(logins, { "h.example": { username: "", identityToken: "t" } })
    }).pipe(Effect.scoped)
  )
})

describe("a program of upstream's protocol", () => {
  const configuration = (text: string) =>
    Effect.flatMap(folder, (directory) => {
      writeFileSync(join(directory, "c.yaml"), text)
      return Effect.map(Effect.flip(Configuration.read(join(directory, "c.yaml"))), ({ message }) => message)
    })
  const answering = (text: string) =>
    Effect.flatMap(folder, (directory) => {
      script(join(directory, "vault"), text)
      return Effect.flip(Effect.provide(ask("a.vault.example/a"), Exec.layer({ provider, directory })))
    })
  it.live("is asked in its version, with the token and the annotations", () =>
    Effect.gen(function* () {
      const { directory, layer } = yield* exec
      const serviceAccount = { namespace: "n", name: "a", token: "t", annotations: { role: "r" } }
      const get = Effect.flatMap(ImageCredentials, (one) => one.get({ image: "a.vault.example/a", serviceAccount }))
      const { keptFor, keptMillis } = yield* Effect.provide(get, layer)
      assert.deepStrictEqual([keptFor, keptMillis], ["Registry", 120_000])
      assert.deepStrictEqual(JSON.parse(readFileSync(join(directory, "asked"), "utf8")), {
        apiVersion: "credentialprovider.kubelet.k8s.io/v1",
        kind: "CredentialProviderRequest",
        image: "a.vault.example/a",
        serviceAccountToken: "t",
        serviceAccountAnnotations: { role: "r" }
      })
    }).pipe(Effect.scoped)
  )
  it.live("what goes wrong with it is said", () =>
    Effect.gen(function* () {
      assert.include((yield* answering("echo the vault is closed >&2; exit 3")).message, "the vault is closed")
      assert.include((yield* answering("cat > /dev/null; echo no")).message, "its answer is not one")
      const other = said({ apiVersion: "credentialprovider.kubelet.k8s.io/v2" })
      assert.include((yield* answering(`echo '${other}'`)).message, "expected credentialprovider.kubelet.k8s.io/v1")
    }).pipe(Effect.scoped)
  )
  it.live("a configuration that is none names its fields", () =>
    Effect.gen(function* () {
      const message = yield* configuration(
        "apiVersion: kubelet.config.k8s.io/v1\nkind: CredentialProviderConfig\nproviders:\n- {name: a/b, matchImages: [], apiVersion: v3, more: 1}"
      )
      for (const field of ["providers.0.name", "providers.0.matchImages", "providers.0.apiVersion", "providers.0.more"])
        assert.include(message, field)
    }).pipe(Effect.scoped)
  )
})
