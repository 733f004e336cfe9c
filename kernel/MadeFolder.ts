/** A folder that is there until the scope closes; if it is empty then it goes, with what had to be made for it. */
import { Effect, Schema } from "effect"
import { existsSync, mkdirSync, readdirSync, rmdirSync } from "node:fs"
import { dirname } from "node:path"

export class NotMade extends Schema.TaggedError<NotMade>()("NotMade", { message: Schema.String }) {}

const isEmpty = (folder: string) => existsSync(folder) && readdirSync(folder).length === 0

const unmade = (folder: string, first: string) => {
  for (let one = folder; one.length >= first.length && isEmpty(one); one = dirname(one)) rmdirSync(one)
}

export const made = (folder: string) =>
  Effect.acquireRelease(
    Effect.try({
      try: () => mkdirSync(folder, { recursive: true, mode: 0o750 }),
      catch: (error) => new NotMade({ message: error instanceof Error ? error.message : String(error) })
    }),
    // One that was killed has left its own. What somebody else puts into it meanwhile stays.
    (first = folder) => Effect.ignore(Effect.try(() => unmade(folder, first)))
  )
