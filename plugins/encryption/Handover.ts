/**
 * How a new key of the keyring comes to the other servers of the cluster: as an entry of the log, encrypted with the keys that they
 * have. It lies before everything that is encrypted with the new key, and goes when the older keys are retired.
 */
import { Effect, Option, Schema, Stream } from "effect"
import { randomUUID } from "node:crypto"
import type { Entry, Log } from "../../kernel/store/Log.ts"
import * as Keyring from "./Keyring.ts"
import type { Key } from "./KeyringFile.ts"

const [log, key] = ["objects", "keelson/encryption/key"] as const

export const isHandover = (name: string, entry: Entry) => name === log && entry.key === key

const Offer = Schema.fromJsonString(
  Schema.Struct({
    id: Schema.String,
    made: Schema.String,
    /** The secret, by the id of the key that it is encrypted with. */
    secrets: Schema.Record(Schema.String, Schema.Uint8ArrayFromBase64)
  })
)
const decode = Schema.decodeUnknownOption(Offer)
const encode = Schema.encodeSync(Offer)
const text = { encoder: new TextEncoder(), decoder: new TextDecoder() }

const last = (inner: Log["Service"]) =>
  Effect.map(Stream.runCollect(inner.history({ log, after: 0, key })), (entries) => entries.flat().at(-1))

/** Done when every server that follows the log will know the key before it meets what is encrypted with it. */
export const offer = Effect.fn("Handover.offer")(function* (inner: Log["Service"], fresh: Key, known: ReadonlyArray<Key>) {
  const secrets = Object.fromEntries(
    known.filter(({ retired }) => retired === undefined).map((one) => [one.id, Keyring.encrypt(one, fresh.secret)])
  )
  const bytes = text.encoder.encode(encode({ id: fresh.id, made: fresh.made, secrets }))
  const prev = (yield* last(inner))?.seq ?? 0
  return yield* inner.append({ log, key, op: "put", bytes, prev, writeId: randomUUID() })
})

/** The key that an entry hands over, for whoever has one of those that it is encrypted with. */
export const taken = ({ bytes, op }: Entry, known: ReadonlyArray<Key>): Key | undefined => {
  const offered = op === "put" ? Option.getOrUndefined(decode(text.decoder.decode(bytes))) : undefined
  if (offered === undefined) return undefined
  for (const one of known) {
    const sealed = offered.secrets[one.id]
    const secret = sealed && Keyring.decrypt(one, sealed)
    if (secret !== undefined) return { id: offered.id, made: offered.made, secret }
  }
  return undefined
}

/** The older keys are retired: they shall not lead to the new one any more. */
export const withdraw = Effect.fn("Handover.withdraw")(function* (inner: Log["Service"]) {
  const found = yield* last(inner)
  if (found === undefined || found.op === "delete") return
  const gone = { log, key, op: "delete", bytes: new Uint8Array(), prev: found.seq, writeId: randomUUID() } as const
  yield* inner.append(gone).pipe(Effect.catchTag("Conflict", () => Effect.void))
})
