/**
 * `POST /keelson/snapshot`: the bytes of a snapshot, for administrators. Not GET: whoever may get every path, as those who watch over
 * clusters often may, is not meant to have all that is stored.
 */
import { Effect, Stream } from "effect"
import { BadRequest } from "../kernel/client/Errors.ts"
import { Unavailable } from "../kernel/plugin/Contract.ts"
import { type About, save } from "../kernel/store/snapshot/Save.ts"
import { Stored } from "../kernel/store/Switch.ts"
import * as Pki from "../plugins/certificates/contracts/Pki.ts"
import { Routes } from "../plugins/apiserver/contracts/Routes.ts"
import { version } from "./Version.ts"

export const path = "/keelson/snapshot"

/** What a server knows of the cluster whose log it has. */
export const about = ({ ca, store }: { readonly ca: string; readonly store: () => string }): About => ({
  cluster: Pki.pinOf(ca),
  version: version.keelson,
  store: store()
})

export const add = Effect.fnUntraced(function* (about: () => About) {
  const log = yield* Stored
  const routes = yield* Routes
  if (log === undefined) return
  const bytes = Stream.mapError(
    Stream.suspend(() => save(log, about())),
    (cause) => (cause._tag === "Unavailable" ? cause : new Unavailable({ contract: "kernel/Log", applied: "no", cause }))
  )
  yield* routes.add({
    prefix: path,
    handle: ({ method }) =>
      method === "POST"
        ? Effect.succeed({ code: 200, type: "application/octet-stream", body: bytes })
        : Effect.fail(new BadRequest({ detail: `expected POST ${path}` }))
  })
})
