/**
 * The volumes of a folder: each has a folder of its own, with what is known of it in `volume.json` and its data in `data`. A volume is
 * there when its record is, which is written last; it is gone when its folder has another name.
 */
import { Option, Schema } from "effect"
import { randomBytes } from "node:crypto"
import { chmodSync, existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs"
import { join } from "node:path"

const Record = Schema.Struct({ name: Schema.String, bytes: Schema.Int })
export type Record = typeof Record.Type
const decode = Schema.decodeUnknownOption(Schema.fromJsonString(Record))
const encode = Schema.encodeSync(Schema.fromJsonString(Record))

/** What can be a folder's name; a volume of another name never was. */
export const isName = (name: string) => /^[A-Za-z0-9][-A-Za-z0-9._]{0,200}$/.test(name)

export const make = (directory: string) => {
  const folder = (name: string) => join(directory, name)
  const file = (name: string) => join(folder(name), "volume.json")
  const data = (name: string) => join(folder(name), "data")

  const find = (name: string): Record | undefined =>
    isName(name) && existsSync(file(name)) ? Option.getOrUndefined(decode(readFileSync(file(name), "utf8"))) : undefined

  const write = (record: Record) => {
    const fresh = `${file(record.name)}.${randomBytes(4).toString("hex")}`
    writeFileSync(fresh, encode(record), { mode: 0o600 })
    renameSync(fresh, file(record.name))
  }

  /** Whoever a Pod runs as may write there, as on other provisioners of this kind. */
  const create = (record: Record) => {
    mkdirSync(data(record.name), { recursive: true })
    chmodSync(data(record.name), 0o777)
    write(record)
  }

  const left = (name: string) => name.startsWith(".gone-")

  const remove = (name: string) => {
    if (isName(name) && existsSync(folder(name))) {
      renameSync(folder(name), folder(`.gone-${randomBytes(8).toString("hex")}`))
    }
    // Also what was not finished before.
    const names = existsSync(directory) ? readdirSync(directory).filter(left) : []
    for (const one of names) rmSync(folder(one), { recursive: true, force: true })
  }

  return { find, write, create, remove, data }
}
