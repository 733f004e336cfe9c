/** Where in its own files a plugin from outside went wrong: what is told of its errors names the line, and leaves out the rest of the stack. */
import { existsSync } from "node:fs"
import { dirname, join } from "node:path"
import { fileURLToPath } from "node:url"

/** Folders of packages that were loaded in this thread. */
const folders = new Set<string>()

/** A sandbox may not look everywhere. */
const isPackage = (folder: string) => {
  try {
    return existsSync(join(folder, "keelson.json"))
  } catch {
    return false
  }
}

const packageOf = (folder: string): string | undefined =>
  isPackage(folder) ? folder : dirname(folder) === folder ? undefined : packageOf(dirname(folder))

/** A module that was loaded: its files are those of its package, or those beside and below it. */
export const register = (module: string) => {
  if (!module.startsWith("file:")) return
  const beside = dirname(fileURLToPath(module))
  folders.add(`${packageOf(beside) ?? beside}/`)
}

/** Deeper causes may have the stack of another side. */
const linesOf = (error: unknown): ReadonlyArray<string> =>
  error instanceof Error ? [...(error.stack ?? "").split("\n"), ...linesOf(error.cause)] : []

/** The first line of its stack that is of a plugin's own files, as in `plugin.ts:5:9`. */
const placeOf = (error: unknown) => {
  for (const line of linesOf(error)) {
    for (const folder of folders) {
      const at = line.indexOf(folder)
      const [, place] = /^((?!node_modules\/)[^\s()]+:\d+:\d+)/.exec(at < 0 ? "" : line.slice(at + folder.length)) ?? []
      if (place !== undefined) return place
    }
  }
  return undefined
}

const wordsOf = (error: unknown) => (error instanceof Error ? error.message || error.name : String(error))

/** What it says, with its place. */
export const words = (error: unknown) => {
  const [place, said] = [placeOf(error), wordsOf(error)]
  return place === undefined || said.includes(place) ? said : `${said} (${place})`
}

/** The same error, whose message has its place. */
export const placed = (error: unknown): unknown => {
  if (!(error instanceof Error) || words(error) === error.message) return error
  const { cause, name, stack } = error
  return Object.assign(new Error(words(error), { cause }), { name, stack })
}
