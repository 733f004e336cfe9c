/**
 * The keys of this machine: a file that only its owner reads, made at the first start. The first key encrypts; all of them decrypt,
 * the retired ones too, so that an older snapshot can be restored. Who loses the file loses what is encrypted.
 */
import { Clock, DateTime, Effect, FileSystem, type PlatformError, Schedule, Schema } from "effect"
import { randomBytes } from "node:crypto"
import { dirname, join } from "node:path"

export const Key = Schema.Struct({
  id: Schema.String,
  /** 32 bytes. */
  secret: Schema.Uint8ArrayFromBase64,
  made: Schema.String,
  /** Since when nothing in the store needs it. */
  retired: Schema.optionalKey(Schema.String)
})
export type Key = typeof Key.Type

const File = Schema.fromJsonString(Schema.Struct({ version: Schema.Literal(1), keys: Schema.NonEmptyArray(Key) }))
const decode = Schema.decodeEffect(File)
const encode = Schema.encodeEffect(File)

export class BadKeyring extends Schema.TaggedError<BadKeyring>()("BadKeyring", {
  file: Schema.String,
  detail: Schema.String
}) {
  override get message() {
    return `${this.file} is no keyring: ${this.detail}. Put back the file that was there: without its keys what is encrypted cannot be read.`
  }
}

const isThere = ({ reason }: PlatformError.PlatformError) => reason._tag === "AlreadyExists"

const now = Effect.map(Clock.currentTimeMillis, (millis) => DateTime.formatIso(DateTime.makeUnsafe(millis)))

/** Its id says when it was made, for people. */
export const fresh = Effect.gen(function* () {
  const made = yield* now
  const id = `${made.slice(0, 10)}-${randomBytes(4).toString("hex")}`
  return { id, secret: new Uint8Array(randomBytes(32)), made } satisfies Key
})

export interface Keyring {
  readonly file: string
  /** The first is the one that encrypts. */
  readonly keys: () => ReadonlyArray<Key>
  /** Makes a key the one that encrypts. A key that is there already stays what it is. */
  readonly add: (key: Key) => Effect.Effect<void, PlatformError.PlatformError | BadKeyring>
  readonly retire: (ids: ReadonlyArray<string>) => Effect.Effect<void, PlatformError.PlatformError | BadKeyring>
  /** Another process of this machine may have written the file. */
  readonly reload: Effect.Effect<void, PlatformError.PlatformError | BadKeyring>
}

/** Opens the file, and makes it with one key if it is not there. */
export const open = Effect.fn("KeyringFile.open")(function* (file: string) {
  const fs = yield* FileSystem.FileSystem
  let keys: ReadonlyArray<Key> = []

  const read = Effect.gen(function* () {
    const text = yield* fs.readFileString(file)
    const decoded = yield* Effect.mapError(decode(text), ({ message }) => new BadKeyring({ file, detail: message }))
    return decoded.keys
  })
  /** Whole and on the disk, or not at all: what is encrypted with a key that is lost is lost. */
  const write = Effect.fnUntraced(function* (path: string, [first, ...rest]: readonly [Key, ...ReadonlyArray<Key>]) {
    const text = yield* Effect.orDie(encode({ version: 1, keys: [first, ...rest] }))
    yield* Effect.scoped(
      Effect.gen(function* () {
        const handle = yield* fs.open(path, { flag: "w", mode: 0o600 })
        yield* fs.chmod(path, 0o600)
        yield* handle.writeAll(new TextEncoder().encode(text))
        yield* handle.sync
      })
    )
  })
  const syncDirectory = Effect.scoped(Effect.flatMap(fs.open(dirname(file), { flag: "r" }), (handle) => handle.sync))
  /** One process at a time changes the file, lest one of them write a key away that another has just made. */
  const lock = join(dirname(file), ".encryption-keys.lock")
  const alone = <A, E, R>(use: Effect.Effect<A, E, R>) => {
    const taken = fs.writeFileString(lock, `${process.pid}`, { flag: "wx", mode: 0o600 })
    // Who died with it in hand does not come back for it.
    const inherited = Effect.andThen(Effect.ignore(fs.remove(lock, { force: true })), taken)
    const acquired = taken.pipe(
      Effect.retry({ while: isThere, schedule: Schedule.spaced("20 millis"), times: 500 }),
      Effect.catchIf(isThere, () => inherited)
    )
    return Effect.acquireUseRelease(
      acquired,
      () => use,
      () => Effect.ignore(fs.remove(lock, { force: true }))
    )
  }
  const change = (how: (before: ReadonlyArray<Key>) => ReadonlyArray<Key>) =>
    Effect.gen(function* () {
      const before = yield* read
      const [first, ...rest] = how(before)
      if (first !== undefined && [first, ...rest].some((key, index) => key !== before[index])) {
        const beside = join(dirname(file), `.encryption-keys.${process.pid}`)
        yield* write(beside, [first, ...rest])
        yield* fs.rename(beside, file)
        yield* syncDirectory
      }
      keys = first === undefined ? before : [first, ...rest]
    }).pipe(alone)

  const make = Effect.gen(function* () {
    yield* fs.makeDirectory(dirname(file), { recursive: true, mode: 0o700 })
    const beside = join(dirname(file), `.encryption-keys.${process.pid}`)
    yield* write(beside, [yield* fresh])
    // A link, and not a rename: of several that start at once one makes the file, and the others read it.
    yield* Effect.ensuring(
      fs.link(beside, file).pipe(Effect.catchIf(isThere, () => Effect.void)),
      Effect.ignore(fs.remove(beside, { force: true }))
    )
    yield* syncDirectory
  })

  if (!(yield* fs.exists(file))) yield* make
  yield* fs.chmod(file, 0o600)
  keys = yield* read
  const ring: Keyring = {
    file,
    keys: () => keys,
    add: (key) => change((before) => (before.some(({ id }) => id === key.id) ? before : [key, ...before])),
    retire: (ids) =>
      Effect.flatMap(now, (retired) =>
        change((before) =>
          before.map((key, index) =>
            index > 0 && key.retired === undefined && ids.includes(key.id) ? { ...key, retired } : key
          )
        )
      ),
    reload: Effect.map(read, (found) => {
      keys = found
    })
  }
  return ring
})
