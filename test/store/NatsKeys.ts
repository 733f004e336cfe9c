/** Keys of a store's servers and clients, of an authority of their own. */
import { Effect } from "effect"
import * as Pki from "../../plugins/certificates/contracts/Pki.ts"
import * as Requests from "../../plugins/certificates/contracts/Requests.ts"

export const make = Effect.gen(function* () {
  const authority = yield* Pki.authority("keelson-store-ca")
  return {
    ca: authority.cert,
    server: yield* Pki.issue(authority, Requests.storeServer(["127.0.0.1"])),
    /** Shown by a server that is at 127.0.0.1 all the same. */
    elsewhere: yield* Pki.issue(authority, Requests.storeServer(["localhost", "10.0.0.9"])),
    client: yield* Pki.issue(authority, Requests.store),
    admin: yield* Pki.issue(authority, Requests.storeAdmin),
    /** Of the same authority, and of nobody that may anything. */
    stranger: yield* Pki.issue(authority, Requests.client("somebody"))
  }
})
