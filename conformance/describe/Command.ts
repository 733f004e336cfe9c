/**
 * `npm run conformance -- describe [CONTRACT] [--as wire|page] [--write] [--exports]`: a contract in words for people, or as JSON for those who keep
 * it in another language. `--write` brings `conformance/describe/contracts.txt`, with which a test compares the contracts, and the table in `conformance/contracts.md` up to date.
 */
import { Console, Effect, Option, Schema } from "effect"
import { Argument, Command, Flag } from "effect/cli"
import { writeFileSync } from "node:fs"
import { join } from "node:path"
import * as Description from "../../kernel/plugin/Description.ts"
import { contracts } from "../Contracts.ts"
import * as Overview from "./Overview.ts"
import * as Words from "./Words.ts"

export class NoSuchContract extends Schema.TaggedError<NoSuchContract>()("NoSuchContract", { asked: Schema.String }) {
  override get message() {
    return `there is no contract ${this.asked}: expected one of ${contracts.map(({ key }) => key).join(", ")}`
  }
}

export const file = join(import.meta.dirname, "contracts.txt")
export const report = () => `${contracts.map(Words.page).join("\n\n\n")}\n`

const find = (asked: string) => {
  const found = contracts.find(({ key }) => key === asked)
  return found === undefined ? Effect.fail(new NoSuchContract({ asked })) : Effect.succeed(found)
}

const flags = {
  contract: Argument.String("contract").pipe(
    Argument.withDescription("Such as kubelet/ContainerRuntime; without it, all"),
    Argument.optional
  ),
  as: Flag.Literals("as", ["page", "wire"]).pipe(
    Flag.withDescription("page: in words; wire: as JSON, with what is said over a socket"),
    Flag.withDefault("page")
  ),
  write: Flag.Boolean("write").pipe(
    Flag.withDescription("Write the page of all contracts to where the test compares it"),
    Flag.withDefault(false)
  ),
  exports: Flag.Boolean("exports").pipe(
    Flag.withDescription("Write what the package lets others import to where the test compares it"),
    Flag.withDefault(false)
  )
}

export const command = Command.make("describe", flags, ({ as, contract, exports, write }) =>
  Effect.gen(function* () {
    if (exports) {
      // The compiler is there where Keelson is worked on.
      const Exports = yield* Effect.promise(() => import("./Exports.ts"))
      return yield* Effect.sync(() => writeFileSync(Exports.file, Exports.report()))
    }
    if (write)
      return yield* Effect.sync(() => {
        writeFileSync(file, report())
        writeFileSync(Overview.file, Overview.page())
      })
    const all = Option.isSome(contract) ? [yield* find(contract.value)] : contracts
    for (const one of all) {
      yield* Console.log(as === "wire" ? JSON.stringify(Description.describe(one), null, 2) : `${Words.page(one)}\n`)
    }
  })
).pipe(Command.withDescription("What a contract is: for people, or for programs in any language"))
