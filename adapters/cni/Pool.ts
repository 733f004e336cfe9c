/**
 * The addresses that the Pods of a node have, on disk as CNI's host-local keeps them: a file for each, named by the address, with the
 * Pod and its interface in it. All networks of a node share one pool, so that none gives an address that a Pod of another still has,
 * and either gives back what the other gave.
 */
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { isIP } from "node:net"
import { join } from "node:path"
import { contains, format, parse, type Range } from "./Range.ts"

export interface Owner {
  readonly pod: string
  readonly interface: string
}

/** host-local puts the network's name below its `dataDir`. */
export const folderOf = (dataDir: string, network: string) => join(dataDir, network)

const textOf = ({ interface: name, pod }: Owner) => `${pod}\r\n${name}`

const list = (folder: string) => {
  try {
    return readdirSync(folder).filter((name) => isIP(name) !== 0)
  } catch {
    return []
  }
}

/** Empty when it has just been given back, or is just being written. */
const read = (path: string) => {
  try {
    return readFileSync(path, "utf8").trim()
  } catch {
    return ""
  }
}

/** Who has which address. Older versions of host-local wrote the Pod alone. */
export const entries = (folder: string) =>
  list(folder).map((address) => {
    const [pod = "", name = "eth0"] = read(join(folder, address)).split(/\r?\n/)
    return { address, pod, interface: name }
  })

export const used = (folder: string, range: Range) => list(folder).filter((address) => contains(range, address)).length

export const of = (folder: string, owner: Owner) =>
  entries(folder)
    .filter((entry) => entry.pod === owner.pod && entry.interface === owner.interface)
    .map(({ address }) => address)

/** Only who makes the file has the address: two that come at once never get the same. */
const claim = (folder: string, address: string, owner: Owner) => {
  try {
    writeFileSync(join(folder, address), textOf(owner), { flag: "wx", mode: 0o600 })
    return true
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "EEXIST") return false
    throw error
  }
}

const lastOf = (folder: string, index: number) => join(folder, `last_reserved_ip.${index}`)

/** Addresses go round the range, so that one that was given back rests a while. */
function* candidates(range: Range, after: bigint) {
  for (let number = after + 1n; number <= range.last; number++) yield number
  for (let number = range.first; number <= after && number <= range.last; number++) yield number
}

const start = ({ first, last }: Range, text: string) => {
  const number = parse(text)
  return number === undefined || number < first || number > last ? first - 1n : number
}

/** The address that it has of this range, or the next that is free; absent: none is. `index`: the number of the range. */
export const reserve = (folder: string, range: Range, index: number, owner: Owner): string | undefined => {
  mkdirSync(folder, { recursive: true, mode: 0o755 })
  const had = of(folder, owner).find((address) => contains(range, address))
  if (had !== undefined) return had
  const taken = new Set(list(folder))
  for (const number of candidates(range, start(range, read(lastOf(folder, index))))) {
    const address = format(range.family, number)
    if (taken.has(address) || !claim(folder, address, owner)) continue
    writeFileSync(lastOf(folder, index), address, { mode: 0o600 })
    return address
  }
  return undefined
}

export const release = (folder: string, owner: Owner) => {
  for (const address of of(folder, owner)) rmSync(join(folder, address), { force: true })
}
