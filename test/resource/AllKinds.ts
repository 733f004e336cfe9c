/** Every kind that the generated contracts have. */
import { readdirSync } from "node:fs"
import type * as Kind from "../../kernel/resource/Kind.ts"

const contracts = new URL("../../plugins/resources/contracts/", import.meta.url)
const files = readdirSync(contracts, { recursive: true, encoding: "utf8" }).filter((file) => /\/v\d+\.ts$/.test(file))

export const isKind = (value: unknown): value is Kind.Any =>
  typeof value === "object" && value !== null && "versions" in value

const modules = await Promise.all(files.toSorted().map((file): Promise<object> => import(new URL(file, contracts).href)))
export const kinds: ReadonlyArray<Kind.Any> = modules.flatMap((module) => Object.values(module).filter(isKind))
