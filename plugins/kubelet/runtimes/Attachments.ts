/**
 * Which Pods were attached to the network for a runtime, with their addresses: a file for each beside the namespace's, so that an agent
 * that was killed finds them again. A Pod is known here by its uid and attempt.
 */
import { Effect, Option, Schema } from "effect"
import { mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs"
import { join } from "node:path"

const Attachment = Schema.Struct({ addresses: Schema.Array(Schema.String) })
export type Attachment = typeof Attachment.Type
const Text = Schema.fromJsonString(Attachment)
const decode = Schema.decodeOption(Text)
const encode = Schema.encodeSync(Text)

export interface Of {
  readonly uid: string
  readonly attempt: number
}
export const keyOf = ({ attempt, uid }: Of) => `${uid}-${attempt}`

const suffix = ".json"

const files = (directory: string) => {
  mkdirSync(directory, { recursive: true, mode: 0o700 })
  return readdirSync(directory)
}

const read = (path: string) => {
  try {
    return Option.getOrUndefined(decode(readFileSync(path, "utf8")))
  } catch {
    return undefined
  }
}

/** What is in the folder now, and from then on what is written through this. */
export const open = (directory: string) =>
  Effect.sync(() => {
    const fileOf = (key: string) => join(directory, `${key}${suffix}`)
    const all = new Map<string, Attachment>()
    const names = files(directory).filter((name) => !name.endsWith(".tmp"))
    for (const name of names) {
      const found = name.endsWith(suffix) ? read(join(directory, name)) : undefined
      if (found !== undefined) all.set(name.slice(0, -suffix.length), found)
    }
    return {
      find: (key: string) => all.get(key),
      /** Those that are known, and those of which only a namespace or a broken file is there. */
      keys: () => new Set([...all.keys(), ...files(directory).map((name) => name.replace(/\.(json|json\.tmp)$/, ""))]),
      namespaceOf: (key: string) => join(directory, key),
      put: (key: string, attachment: Attachment) =>
        Effect.sync(() => {
          writeFileSync(`${fileOf(key)}.tmp`, encode(attachment), { mode: 0o600 })
          renameSync(`${fileOf(key)}.tmp`, fileOf(key))
          all.set(key, attachment)
        }),
      remove: (key: string) =>
        Effect.sync(() => {
          for (const path of [fileOf(key), `${fileOf(key)}.tmp`]) rmSync(path, { force: true })
          all.delete(key)
        })
    }
  })

export type Attachments = Effect.Success<ReturnType<typeof open>>
