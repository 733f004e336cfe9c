/** What every step of a request works with. */
import { Context, Effect } from "effect"
import { Kinds } from "../resource/Kinds.ts"
import { Log } from "../store/Log.ts"
import { Tables } from "../table/Tables.ts"
import { Actions } from "./Actions.ts"
import { Deadlines } from "./Deadlines.ts"
import { Admissions, Authorizers } from "./Policy.ts"

export interface Environment {
  readonly log: Log["Service"]
  readonly tables: Tables["Service"]
  readonly kinds: Kinds["Service"]
  readonly authorizers: Authorizers["Service"]
  readonly admissions: Admissions["Service"]
  readonly actions: Actions["Service"]
  readonly deadlines: Deadlines
}

export const make: Effect.Effect<Environment, never, Log | Tables | Kinds | Authorizers | Admissions | Actions> = Effect.map(
  Effect.context<Log | Tables | Kinds | Authorizers | Admissions | Actions>(),
  (context) => ({
    log: Context.get(context, Log),
    tables: Context.get(context, Tables),
    kinds: Context.get(context, Kinds),
    authorizers: Context.get(context, Authorizers),
    admissions: Context.get(context, Admissions),
    actions: Context.get(context, Actions),
    deadlines: new Deadlines()
  })
)
