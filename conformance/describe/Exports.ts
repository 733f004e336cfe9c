/**
 * The public API: what the package's `exports` let others import, made from the types. It is kept in `exports.txt`, so that every change
 * of it is seen and meant. Of what is generated from Kubernetes' own descriptions only the names are kept.
 */
import { Schema } from "effect"
import { createHash } from "node:crypto"
import { globSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { dirname, join } from "node:path"
import { API, type Checker, type Symbol, SymbolFlags, type Type, TypeFlags } from "typescript/unstable/sync"

const root = join(import.meta.dirname, "..", "..")
export const file = join(import.meta.dirname, "exports.txt")

const About = Schema.fromJsonString(Schema.Struct({ exports: Schema.Record(Schema.String, Schema.NullOr(Schema.String)) }))
const decode = Schema.decodeUnknownSync(About)

interface Module {
  /** As it is imported. */
  readonly name: string
  readonly path: string
}

/** What a pattern of `exports` lets in, but for what another one keeps out. */
const modules = (): ReadonlyArray<Module> => {
  const { exports } = decode(readFileSync(join(root, "package.json"), "utf8"))
  const kept = Object.keys(exports).filter((key) => exports[key] === null)
  const isOut = (name: string) => kept.some((key) => name.startsWith(key.replace("*", "")))
  const all = Object.entries(exports).flatMap(([key, target]) => {
    if (target === null) return []
    const [before = "", after] = target.replace("./", "").split("*")
    if (after === undefined) return [{ name: key, path: before }]
    return globSync(`${before}**/*${after}`, { cwd: root }).map((path) => ({
      name: key.replace("*", path.slice(before.length, path.length - after.length)),
      path
    }))
  })
  return all.filter(({ name }) => !isOut(name)).toSorted((a, b) => (a.name < b.name ? -1 : 1))
}

/** What is too long for people to compare has its beginning, and a digest of the rest. */
const widest = 300
const shortened = (words: string) =>
  words.length <= widest
    ? words
    : `${words.slice(0, widest / 2)}… ${createHash("sha256").update(words).digest("hex").slice(0, 12)}`

/** The compiler's own flags, of which its API has no names: nothing is left out; an alias is followed. */
const [noTruncation, inTypeAlias] = [1, 1 << 23]
const text = (checker: Checker, type: Type | undefined, flags = noTruncation) => {
  const words = type === undefined ? "unknown" : checker.typeToString(type, undefined, flags)
  return shortened(words.replaceAll(/import\("[^"]*"\)\./g, "").replaceAll(/\s+/g, " "))
}

const isObject = ({ flags }: Type) => (flags & TypeFlags.Object) !== 0
/** The compiler's names of what has a symbol as its name have a number in them, which other modules change. */
const nameOf = ({ name }: Symbol) => name.replace(/^__@(.*)@[0-9]+$/, "[$1]")
const sorted = (symbols: ReadonlyArray<Symbol>) => symbols.toSorted((a, b) => (nameOf(a) < nameOf(b) ? -1 : 1))

/** What a type has, by name; of what is no object the type itself. */
const members = (checker: Checker, type: Type) => {
  if (!isObject(type)) return [`    = ${text(checker, type, noTruncation | inTypeAlias)}`]
  return sorted(checker.getPropertiesOfType(type)).map((member) => {
    const mark = (member.flags & SymbolFlags.Optional) === 0 ? "" : "?"
    return `    ${nameOf(member)}${mark}: ${text(checker, checker.getTypeOfSymbol(member))}`
  })
}

const described = (checker: Checker, symbol: Symbol): ReadonlyArray<string> => {
  const { flags, name } = symbol
  if ((flags & SymbolFlags.Alias) !== 0) return described(checker, checker.getAliasedSymbol(symbol))
  const isType = (flags & (SymbolFlags.Interface | SymbolFlags.TypeAlias | SymbolFlags.Class)) !== 0
  const type = isType ? [`  type ${name}`, ...members(checker, checker.getDeclaredTypeOfSymbol(symbol))] : []
  const isValue = (flags & (SymbolFlags.Variable | SymbolFlags.Function)) !== 0
  const value = isValue ? [`  ${name}: ${text(checker, checker.getTypeOfSymbol(symbol))}`] : []
  return [...value, ...type]
}

const isGenerated = (path: string) => readFileSync(join(root, path), "utf8").startsWith("// Generated")

/** The compiler is asked about these modules and what they take, and nothing else. */
export const report = (): string => {
  const all = modules()
  const config = join(root, "node_modules", ".cache", `exports-${process.pid}.json`)
  const about = { extends: join(root, "tsconfig.json"), files: all.map(({ path }) => join(root, path)), include: [] }
  mkdirSync(dirname(config), { recursive: true })
  writeFileSync(config, JSON.stringify(about))
  const api = new API({ cwd: root })
  try {
    const [project] = api.updateSnapshot({ openProjects: [config] }).getProjects()
    if (project === undefined) throw new Error(`the compiler does not take ${config}`)
    const { checker, program } = project
    const lines = all.flatMap(({ name, path }) => {
      const source = program.getSourceFile(join(root, path))
      const symbol = source === undefined ? undefined : checker.getSymbolAtLocation(source)
      const found = symbol === undefined ? [] : sorted(checker.getExportsOfModule(symbol))
      const title = `keelson${name.slice(1)}`
      if (isGenerated(path)) return [title, `  ${found.map((one) => one.name).join(" ")}`]
      return [title, ...found.flatMap((one) => described(checker, one))]
    })
    return `${lines.join("\n")}\n`
  } finally {
    api.close()
    rmSync(config, { force: true })
  }
}
