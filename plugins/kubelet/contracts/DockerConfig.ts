/** Logins as `docker login` writes them, and pull secrets have them: by registry, in two forms. */
import { Option, Schema } from "effect"
import type { Login } from "./ImageCredentials.ts"
import { patternOf } from "./ImagePatterns.ts"

const { optionalKey, Record, String: Text, Struct } = Schema

const Entry = Struct({
  username: optionalKey(Text),
  password: optionalKey(Text),
  auth: optionalKey(Text),
  identitytoken: optionalKey(Text)
})
/** Of `kubernetes.io/dockercfg`, the elder form, and of `auths` in the other. */
const Entries = Record(Text, Entry)

/** `~/.docker/config.json`: logins, or which `docker-credential-…` program has them. */
export const Config = Struct({
  auths: optionalKey(Entries),
  credHelpers: optionalKey(Record(Text, Text)),
  credsStore: optionalKey(Text)
})
export type Config = typeof Config.Type

const decodeConfig = Schema.decodeOption(Schema.fromJsonString(Config))
const decodeEntries = Schema.decodeOption(Schema.fromJsonString(Entries))

const loginOf = ({ auth, identitytoken, password, username }: typeof Entry.Type): Login => {
  const [user, ...secret] = auth === undefined ? [] : Buffer.from(auth, "base64").toString("utf8").split(":")
  return {
    username: username ?? user ?? "",
    password: password ?? secret.join(":"),
    ...(identitytoken && { identityToken: identitytoken })
  }
}
const isEmpty = ({ identityToken = "", password = "" }: Login) => password === "" && identityToken === ""

/** By pattern. An entry without a login stands there for a program that has it. */
export const logins = (entries: typeof Entries.Type): ReadonlyArray<readonly [string, Login]> =>
  Object.entries(entries)
    .map(([server, entry]) => [patternOf(server), loginOf(entry)] as const)
    .filter(([, login]) => !isEmpty(login))

/** A text that is none is as one without logins: the image may be for everybody. */
export const read = (text: string): Config => Option.getOrElse(decodeConfig(text), () => ({}))
export const readElder = (text: string): typeof Entries.Type => Option.getOrElse(decodeEntries(text), () => ({}))
