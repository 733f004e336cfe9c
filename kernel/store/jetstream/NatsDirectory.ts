/**
 * Whose directory it is. A server on the wrong data destroys it: one that was on its own and is given a cluster deletes its
 * streams as orphans, one that has lost its name is another peer, and an older version cannot read what a newer one wrote. So
 * the directory says what it belongs to, and whatever does not fit is refused before a server is started on it.
 */
import { Clock, Effect, FileSystem, Schema } from "effect"
import { createHash, X509Certificate } from "node:crypto"
import { account, at } from "./NatsConfiguration.ts"

export class NatsServerMisplaced extends Schema.TaggedError<NatsServerMisplaced>()("NatsServerMisplaced", {
  directory: Schema.String,
  reason: Schema.String
}) {
  override get message() {
    return `no nats-server was started on ${this.directory}, to keep what is there: ${this.reason}`
  }
}

const Identity = Schema.Struct({
  name: Schema.String,
  /** Of the cluster that it is a member of; absent for a server on its own. */
  cluster: Schema.optionalKey(Schema.String),
  /** The digest of the authority's public key: clusters may have one name. */
  authority: Schema.optionalKey(Schema.String),
  /** The newest that has run on it. */
  version: Schema.optionalKey(Schema.String)
})
export type Identity = typeof Identity.Type
const IdentityFile = Schema.fromJsonString(Identity)

export const authorityOf = (ca: string) =>
  createHash("sha256")
    .update(new X509Certificate(ca).publicKey.export({ type: "spki", format: "der" }))
    .digest("hex")

const seriesOf = (version: string) => {
  const [major = 0, minor = 0] = version.replace(/^v/, "").split(".").map(Number)
  return major * 1000 + minor
}

const growth =
  "`keelson store migrate` copies the log into a new cluster; what is here stays as it is and can be removed afterwards"

/** What is wrong with starting `wanted` where `found` was, or nothing. */
export const flawOf = (found: Identity, wanted: Identity): string | undefined => {
  const isMember = wanted.cluster !== undefined
  if (found.cluster === undefined && isMember) {
    return `it holds the log of a server on its own, which would delete it as an orphan in a cluster: ${growth}`
  }
  if (found.cluster !== undefined && !isMember) {
    return `it is a replica of the cluster ${found.cluster} and no log without the others: ${growth}`
  }
  if (found.cluster !== wanted.cluster) return `it belongs to the cluster ${found.cluster}, and not to ${wanted.cluster}`
  if (found.authority !== undefined && wanted.authority !== undefined && found.authority !== wanted.authority) {
    return `it belongs to another cluster of the name ${found.cluster}, whose authority is another: give the right keys, or an empty directory`
  }
  if (isMember && found.name !== wanted.name) {
    return `it is the replica ${found.name}, and not ${wanted.name}: a replica keeps its name, or starts in an empty directory`
  }
  const [old, now] = [found.version, wanted.version]
  if (old !== undefined && now !== undefined && seriesOf(now) < seriesOf(old)) {
    return `nats-server ${old} has run on it, whose files ${now} does not read: give nats-server ${old} or newer`
  }
  return undefined
}

/** What lies there without saying whose it is: of a time when servers were always on their own, or nothing. */
const guess = Effect.fnUntraced(function* (directory: string) {
  const fs = yield* FileSystem.FileSystem
  const data = `${at(directory).store}/jetstream`
  if (!(yield* fs.exists(data))) return undefined
  const accounts = yield* fs.readDirectory(data)
  const has = (what: string) => Effect.forEach(accounts, (name) => fs.exists(`${data}/${name}/${what}`))
  // What replicas agree on lies in the account of administration, whatever its name.
  const isMember = (yield* has("_js_")).includes(true)
  const hasStreams = yield* has("streams")
  if (!isMember && !hasStreams.includes(true)) return undefined
  return isMember ? { name: "", cluster: "unknown" } : { name: "keelson" }
})

/** Streams of the time before Keelson had an account of its own lie in the one that everybody has. */
const adopt = Effect.fnUntraced(function* (directory: string) {
  const fs = yield* FileSystem.FileSystem
  const data = `${at(directory).store}/jetstream`
  const [old, own] = [`${data}/$G`, `${data}/${account}`]
  if ((yield* fs.exists(`${old}/streams`)) && !(yield* fs.exists(own))) yield* fs.rename(old, own)
})

/** Refuses, or makes the directory the server's. */
export const claim = Effect.fnUntraced(function* (directory: string, wanted: Identity) {
  const fs = yield* FileSystem.FileSystem
  const { identity } = at(directory)
  const misplaced = (reason: string) => new NatsServerMisplaced({ directory, reason })
  const isKnown = yield* fs.exists(identity)
  const found = isKnown
    ? yield* fs.readFileString(identity).pipe(
        Effect.flatMap(Schema.decodeEffect(IdentityFile)),
        Effect.catchTag("SchemaError", ({ message }) => misplaced(`${identity} cannot be read: ${message}`))
      )
    : yield* guess(directory)
  const flaw = found === undefined ? undefined : flawOf(found, wanted)
  if (flaw !== undefined) return yield* misplaced(flaw)
  if (wanted.cluster === undefined) yield* adopt(directory)
  // Whole or not at all: without it nothing is refused.
  yield* fs.writeFileString(`${identity}.new`, `${JSON.stringify(wanted)}\n`, { mode: 0o600 })
  yield* fs.rename(`${identity}.new`, identity)
})

const aside = "damaged-"

/** Where a damaged store is put. */
export const asideOf = (directory: string) =>
  Effect.map(Clock.currentTimeMillis, (now) => `${directory}/${aside}${new Date(now).toISOString().replaceAll(":", "")}`)

/** The store is put there, for those who want to look at it; of what was put aside before nothing stays. */
export const putAside = Effect.fnUntraced(function* (directory: string, to: string) {
  const fs = yield* FileSystem.FileSystem
  for (const name of yield* fs.readDirectory(directory)) {
    if (name.startsWith(aside)) yield* fs.remove(`${directory}/${name}`, { recursive: true })
  }
  yield* fs.rename(at(directory).store, to)
  yield* fs.makeDirectory(at(directory).store, { mode: 0o700 })
})
