/**
 * What all servers of a cluster have in common, and the next one needs: the authorities, the key that signs ServiceAccounts' tokens, the
 * keys of what is stored encrypted, and where the store is. It lies in the cluster for as long as the token for it lives, encrypted
 * with a key that is told to people alone. Source: kubeadm's "uploading control-plane certificates to the cluster".
 */
import { Effect, FileSystem, Schema } from "effect"
import { createCipheriv, createDecipheriv, randomBytes } from "node:crypto"
import { dirname, join } from "node:path"
import { Client } from "../kernel/client/Client.ts"
import * as BootstrapToken from "../plugins/authentication/contracts/BootstrapToken.ts"
import { Secret } from "../plugins/resources/contracts/core/v1.ts"
import { Role, RoleBinding } from "../plugins/resources/contracts/rbac/v1.ts"
import * as Keys from "./Keys.ts"
import type { Paths } from "./Paths.ts"
import * as Servers from "./Servers.ts"

export class NotShared extends Schema.TaggedError<NotShared>()("NotShared", { message: Schema.String }) {}

/** In the folder of keys. There is none of encryption where a key management service has them. */
const names = [
  "ca.crt",
  "ca.key",
  "sa.key",
  "sa.pub",
  "store/ca.crt",
  "store/ca.key",
  "front-proxy/ca.crt",
  "front-proxy/ca.key"
]
const encryption = "encryption-keys.json"

const Bundle = Schema.Struct({
  /** The setting. */
  store: Schema.String,
  files: Schema.Record(Schema.String, Schema.String)
})
export type Bundle = typeof Bundle.Type
const Text = Schema.fromJsonString(Bundle)
const encode = Schema.encodeSync(Text)
const decode = Schema.decodeUnknownEffect(Text)

const cipher = "aes-256-gcm"
const sizes = { key: 32, iv: 12, tag: 16 }

/** `id`: of the token that it belongs to; what was sealed for another is not opened. */
export const seal = (bundle: Bundle, key: Buffer, id: string): Buffer => {
  const iv = randomBytes(sizes.iv)
  const sealing = createCipheriv(cipher, key, iv).setAAD(Buffer.from(id))
  const text = Buffer.concat([sealing.update(encode(bundle)), sealing.final()])
  return Buffer.concat([iv, sealing.getAuthTag(), text])
}

export const open = Effect.fnUntraced(function* (sealed: Buffer, key: string, id: string) {
  const wrong = new NotShared({ message: "--certificate-key: it does not open what the cluster has for this token" })
  const text = yield* Effect.try({
    try: () => {
      const opening = createDecipheriv(cipher, Buffer.from(key, "hex"), sealed.subarray(0, sizes.iv))
      opening.setAAD(Buffer.from(id)).setAuthTag(sealed.subarray(sizes.iv, sizes.iv + sizes.tag))
      return Buffer.concat([opening.update(sealed.subarray(sizes.iv + sizes.tag)), opening.final()]).toString()
    },
    catch: () => wrong
  })
  return yield* Effect.mapError(decode(text), () => wrong)
})

const keyOf = (id: string) => ({ namespace: BootstrapToken.namespace, name: `keelson-certs-${id}` })

/** What this machine has. The store's authority is made now, if there was no need for it yet. */
const gathered = Effect.fnUntraced(function* ({ pki, ...paths }: Paths, store: string) {
  const files = yield* FileSystem.FileSystem
  yield* Keys.openStore({ ...paths, pki }, Servers.storeHosts)
  const read = (name: string) => Effect.map(files.readFileString(join(pki, name)), (text) => [name, text] as const)
  const all = yield* Effect.forEach(names, read)
  const more = yield* Effect.option(read(encryption))
  return { store, files: Object.fromEntries([...all, ...(more._tag === "Some" ? [more.value] : [])]) }
})

/** Puts it there for who joins with this token, and gives the key that opens it. All of it goes with the token. */
export const upload = Effect.fn("SharedKeys.upload")(function* (paths: Paths, store: string, token: Secret, id: string) {
  const client = yield* Client
  const bundle = yield* Effect.mapError(
    gathered(paths, store),
    ({ message }) =>
      new NotShared({ message: `--control-plane: run it where a server of the cluster has its data: ${message}` })
  )
  const key = randomBytes(sizes.key)
  const at = keyOf(id)
  const owner = { apiVersion: "v1", kind: "Secret", name: token.metadata.name, uid: token.metadata.uid }
  const metadata = { ...at, ownerReferences: [owner] }
  yield* client.create(Secret, { metadata, data: { sealed: seal(bundle, key, id).toString("base64") } })
  const rules = [{ apiGroups: [""], resources: ["secrets"], verbs: ["get"], resourceNames: [at.name] }]
  yield* client.create(Role, { metadata, rules })
  yield* client.create(RoleBinding, {
    metadata,
    roleRef: { apiGroup: "rbac.authorization.k8s.io", kind: "Role", name: at.name },
    subjects: [{ apiGroup: "rbac.authorization.k8s.io", kind: "User", name: `system:bootstrap:${id}` }]
  })
  return key.toString("hex")
})

/** Reads it as who has the token. */
export const download = Effect.fn("SharedKeys.download")(function* (token: string, certificateKey: string) {
  const client = yield* Client
  const { id = "" } = BootstrapToken.parse(token) ?? {}
  const refused = `--token: the cluster has no keys for it: make one with keelson token create --control-plane`
  const secret = yield* Effect.mapError(client.get(Secret, keyOf(id)), () => new NotShared({ message: refused }))
  return yield* open(Buffer.from(secret.data?.["sealed"] ?? "", "base64"), certificateKey, id)
})

/** Puts the keys where a server has them; nothing that is there is overwritten. */
export const keep = Effect.fnUntraced(function* ({ pki }: Paths, { files: all }: Bundle) {
  const files = yield* FileSystem.FileSystem
  for (const name of [...names, encryption]) {
    const text = all[name]
    if (text === undefined) continue
    const file = join(pki, name)
    yield* files.makeDirectory(dirname(file), { recursive: true, mode: 0o700 })
    const before = yield* Effect.orElseSucceed(files.readFileString(file), () => undefined)
    if (before === text) continue
    if (before !== undefined) {
      return yield* new NotShared({ message: `${file} is of another cluster: name another --data-dir` })
    }
    yield* files.writeFileString(`${file}.new`, text, { mode: 0o600 })
    yield* files.rename(`${file}.new`, file)
  }
})
