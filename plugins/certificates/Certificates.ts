/**
 * The cluster's keys on disk: made once, read again at every start, and renewed when they no longer serve. One process at a
 * time writes a directory; files appear whole, and a certificate that does not fit its key is made anew.
 */
import { Clock, Effect, FileSystem, type PlatformError } from "effect"
import { join } from "node:path"
import * as Pki from "./contracts/Pki.ts"

export interface Certificates {
  readonly ca: Pki.Pair
  readonly signing: Pki.SigningKey
  /** `<name>.crt` and `<name>.key`, made or renewed if what is there does not serve. */
  readonly issue: (name: string, request: Pki.Request) => Effect.Effect<Pki.Pair, PlatformError.PlatformError>
}

/** A disk is waited for once. */
const together = <const A extends ReadonlyArray<Effect.Effect<unknown, unknown, unknown>>>(effects: A) =>
  Effect.all(effects, { concurrency: "unbounded" })
const isMissing = ({ reason }: PlatformError.PlatformError) => reason._tag === "NotFound"

/** Opens the directory, and makes it and the authority, which then has that name, if they are not there. */
export const open = Effect.fn("Certificates.open")(function* (directory: string, authority = "keelson-ca") {
  const fs = yield* FileSystem.FileSystem

  const write = Effect.fnUntraced(function* (file: string, text: string) {
    const [path, fresh] = [join(directory, file), join(directory, `.${file}.new`)]
    yield* fs.writeFileString(fresh, text, { mode: 0o600 })
    // The mode counts for new files only, and one may be left of a start that was killed.
    yield* fs.chmod(fresh, 0o600)
    yield* fs.rename(fresh, path)
  })
  const read = (file: string) =>
    fs.readFileString(join(directory, file)).pipe(Effect.catchIf(isMissing, () => Effect.succeed(undefined)))
  const pair = Effect.fnUntraced(function* (name: string) {
    const [cert, key] = yield* together([read(`${name}.crt`), read(`${name}.key`)])
    return cert === undefined || key === undefined ? undefined : { cert, key }
  })
  const keep = (name: string, { cert, key }: Pki.Pair) => together([write(`${name}.key`, key), write(`${name}.crt`, cert)])

  const openAuthority = Effect.gen(function* () {
    const found = yield* pair("ca")
    if (found !== undefined) return found
    const made = yield* Pki.authority(authority)
    yield* keep("ca", made)
    return made
  })
  const openSigning = Effect.gen(function* () {
    const [privateKey, publicKey] = yield* together([read("sa.key"), read("sa.pub")])
    if (privateKey !== undefined && publicKey !== undefined) return { privateKey, publicKey }
    const made = yield* Pki.signingKey
    yield* write("sa.key", made.privateKey)
    yield* write("sa.pub", made.publicKey)
    return made
  })

  yield* fs.makeDirectory(directory, { recursive: true, mode: 0o700 })
  yield* fs.chmod(directory, 0o700)
  const [ca, signing] = yield* together([openAuthority, openSigning])
  const issue: Certificates["issue"] = Effect.fnUntraced(function* (name, request) {
    const found = yield* pair(name)
    const now = yield* Clock.currentTimeMillis
    // A file that is no certificate, or no key, is made anew like one that is too old.
    const good = (pair: Pki.Pair) =>
      Effect.orElseSucceed(
        Effect.try(() => Pki.serves(ca, pair, request, now)),
        () => false
      )
    if (found !== undefined && (yield* good(found))) return found
    const made = yield* Pki.issue(ca, request)
    yield* keep(name, made)
    return made
  })
  return { ca, signing, issue } satisfies Certificates
})
