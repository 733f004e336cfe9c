/** All contracts in one table: where each is made, checked and explained, and the packages in `examples/` that keep it. */
import { Schema } from "effect"
import { existsSync, globSync, readFileSync } from "node:fs"
import { basename, dirname, join, relative } from "node:path"
import type { Contract } from "../../kernel/plugin/Contract.ts"
import { contracts } from "../Contracts.ts"

const root = join(import.meta.dirname, "..", "..")
const here = join(root, "conformance")
export const file = join(here, "contracts.md")

const Offers = Schema.fromJsonString(Schema.Struct({ offers: Schema.Array(Schema.Struct({ contract: Schema.String })) }))
const decode = Schema.decodeUnknownSync(Offers)

const read = (path: string) => readFileSync(join(root, path), "utf8")
const sources = () =>
  new Map(
    globSync(["kernel/**/*.ts", "plugins/*/contracts/*.ts"], { cwd: root }).flatMap((path) =>
      Array.from(
        read(path).matchAll(/extends Contract\.make<\w+>\(\)\(\s*"([^"]+)"/g),
        ([, key = ""]) => [key, path] as const
      )
    )
  )
const examples = () =>
  globSync("examples/*/keelson.json", { cwd: root })
    .toSorted()
    .flatMap((path) => decode(read(path)).offers.map(({ contract }) => ({ contract, folder: dirname(path) })))

/** The README of the folder that it is made in, or of the one above. */
const readmeOf = (path: string): string => {
  const folder = dirname(path)
  const readme = join(folder, "README.md")
  return existsSync(join(root, readme)) || folder === "." ? readme : readmeOf(folder)
}

export interface Row {
  readonly contract: Contract<unknown, unknown>
  readonly source: string
  readonly checks: string
  readonly readme: string
  readonly examples: ReadonlyArray<string>
}

/** Paths are below the project's folder. */
export const rows = (): ReadonlyArray<Row> => {
  const [made, all] = [sources(), examples()]
  return contracts.map((contract) => {
    const source = made.get(contract.key) ?? ""
    return {
      contract,
      source,
      checks: join("conformance", basename(source)),
      readme: readmeOf(source),
      examples: all.filter((one) => one.contract === contract.key).map(({ folder }) => folder)
    }
  })
}

const link = (name: string, path: string) => `[${name}](${relative(here, join(root, path))})`

const line = ({ checks, contract: { key, laws, optional = [], version }, examples, readme, source }: Row) => {
  const count = `${Object.keys(laws).length}${optional.length === 0 ? "" : ` (${optional.length} optional)`}`
  const shown = examples.map((folder) => link(basename(folder), folder)).join(", ")
  return `| ${link(key, source)} | ${version} | ${link(count, checks)} | ${link(dirname(readme), readme)} | ${shown} |`
}

export const page = () =>
  [
    "# Contracts",
    "",
    "Made by `npm run conformance -- describe --write`. What is said over a contract stands in [describe/contracts.txt](describe/contracts.txt).",
    "",
    "| contract | version | laws and their checks | explained in | examples |",
    "|---|---|---|---|---|",
    ...rows().map(line),
    ""
  ].join("\n")
