/** Logins by the images that they are for, the more exact pattern first. */
import type { Secret } from "../../resources/contracts/core/v1.ts"
import * as DockerConfig from "../contracts/DockerConfig.ts"
import type { Login } from "../contracts/ImageCredentials.ts"
import { matches } from "../contracts/ImagePatterns.ts"
import type { Credentials } from "../contracts/Images.ts"

/** Whose login it is, for a Pod that wants the same image without pulling it. Neither: it is the node's. */
export interface Source {
  readonly secret?: { readonly namespace: string; readonly name: string; readonly uid: string }
  readonly serviceAccount?: { readonly namespace: string; readonly name: string }
}

export interface Key {
  readonly pattern: string
  readonly credentials: Credentials
  readonly source: Source
}

/** Without the server's address: the image says it, and runtimes differ in how they read it. */
export const key = (pattern: string, login: Login, source: Source): Key => ({ pattern, credentials: login, source })

/** Of a pull secret, of either type. */
export const ofSecret = ({ data = {}, metadata }: Secret): ReadonlyArray<Key> => {
  const { name, namespace = "", uid } = metadata
  const text = (field: string) => Buffer.from(data[field] ?? "", "base64").toString("utf8")
  const { auths = {} } = DockerConfig.read(text(".dockerconfigjson"))
  const elder = DockerConfig.readElder(text(".dockercfg"))
  return [...DockerConfig.logins(auths), ...DockerConfig.logins(elder)].map(([pattern, login]) =>
    key(pattern, login, { secret: { namespace, name, uid } })
  )
}

/** Those that are for this image, the more exact first. */
export const lookup = (all: ReadonlyArray<Key>, image: string) =>
  all
    .filter(({ pattern }) => matches(pattern, image))
    .toSorted((a, b) => (a.pattern < b.pattern ? 1 : a.pattern > b.pattern ? -1 : 0))
