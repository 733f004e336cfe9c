/**
 * A guest in this process, where that runs from its bundle: modules from outside import Keelson and Effect from source, which are others
 * than those in the bundle. So all of them have one copy of these, and data alone passes between that and this one, as to a thread.
 */
import { Effect } from "effect"
import type * as Guest from "./Guest.ts"
import * as Pair from "./Pair.ts"
import { IsolateFailed } from "./Protocol.ts"
import { Main, type Open } from "./Settings.ts"

export const open: Open = Effect.fnUntraced(function* ({ name }) {
  const source = new URL("Guest.ts", yield* Main).href
  const { run }: typeof Guest = yield* Effect.tryPromise({
    try: () => import(/* @vite-ignore */ source),
    catch: (cause) =>
      new IsolateFailed({ plugin: name, reason: `Keelson's own source cannot be loaded for it: ${String(cause)}` })
  })
  const { close, far, near } = Pair.make()
  run(far, () => close("it has ended"))
  return near
})
