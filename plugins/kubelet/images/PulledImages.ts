/**
 * Which images were pulled with somebody's login, so that a Pod that has none does not get them for nothing because they lie on its
 * node. Images that were here before are everybody's, as are those that were pulled without a login or with the node's own.
 * Source: KEP-2535, ensure secret pulled images (policy `NeverVerifyPreloadedImages`).
 */
import { Effect, Option, Schema } from "effect"
import { createHash } from "node:crypto"
import { mkdirSync, readFileSync, renameSync, writeFileSync } from "node:fs"
import { dirname } from "node:path"
import type { Credentials } from "../contracts/Images.ts"
import type { Key } from "./Keyring.ts"

const { Array: List, Record, String: Text, Struct } = Schema

/** By whom an image may be had. `secrets` and `accounts` are names, `logins` hashes. */
const Access = Struct({ secrets: List(Text), accounts: List(Text), logins: List(Text) })
type Access = typeof Access.Type
/** By the image's id. Everybody may have what is not here. */
const Records = Schema.fromJsonString(Record(Text, Access))

const hash = (credentials: Credentials) => createHash("sha256").update(JSON.stringify(credentials)).digest("hex")
const isNodes = ({ source }: Key) => source.secret === undefined && source.serviceAccount === undefined
const accessOf = ({ credentials, source: { secret, serviceAccount } }: Key): Access => ({
  secrets: secret === undefined ? [] : [`${secret.namespace}/${secret.name}/${secret.uid}`],
  accounts: serviceAccount === undefined ? [] : [`${serviceAccount.namespace}/${serviceAccount.name}`],
  logins: secret === undefined ? [] : [hash(credentials)]
})
const fields = ["secrets", "accounts", "logins"] as const

const union = (a: Access, b: Access): Access => {
  const both = (field: (typeof fields)[number]) => [...new Set([...a[field], ...b[field]])]
  return { secrets: both("secrets"), accounts: both("accounts"), logins: both("logins") }
}
const meet = (a: Access, b: Access) => fields.some((field) => a[field].some((one) => b[field].includes(one)))

const decode = Schema.decodeOption(Records)

/** Keeps its records in `file`. One that cannot be read is as none: all images count as having been here before. */
export const make = Effect.fnUntraced(function* (file: string) {
  const text = yield* Effect.orElseSucceed(
    Effect.try(() => readFileSync(file, "utf8")),
    () => "{}"
  )
  const known = new Map(Object.entries(Option.getOrElse(decode(text), () => ({}))))
  const write = Effect.sync(() => {
    mkdirSync(dirname(file), { recursive: true, mode: 0o700 })
    writeFileSync(`${file}.new`, JSON.stringify(Object.fromEntries(known)), { mode: 0o600 })
    renameSync(`${file}.new`, file)
  })
  return {
    /** `key`: the login that it was pulled with. What the node itself may have, or anybody, is everybody's from now on. */
    pulled: (id: string, key: Key | undefined) =>
      Effect.suspend(() => {
        const before = known.get(id)
        if (key === undefined || isNodes(key)) return known.delete(id) ? write : Effect.void
        known.set(id, before === undefined ? accessOf(key) : union(before, accessOf(key)))
        return write
      }),
    /** Whether a login is needed to have it without pulling. */
    isGuarded: (id: string) => known.has(id),
    /** Whether who has these logins may have it. */
    allows: (id: string, keys: ReadonlyArray<Key>) => {
      const access = known.get(id)
      return access === undefined || keys.some((key) => meet(access, accessOf(key)))
    }
  }
})
export type PulledImages = Effect.Success<ReturnType<typeof make>>
