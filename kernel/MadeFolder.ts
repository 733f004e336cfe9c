/** A folder that is there until the scope closes: of what had to be made for it, what is empty then goes. */
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
    // A plugin may come or go meanwhile: then the folder stays.
    (first) => (first === undefined ? Effect.void : Effect.ignore(Effect.try(() => unmade(folder, first))))
  )
