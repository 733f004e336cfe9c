/** Who may do everything: whom a look into the store is for. Who may get every path, as those who watch over clusters often may, is not. */
import { Effect } from "effect"
import type { User } from "../kernel/pipeline/Attributes.ts"
import { authorize } from "../kernel/pipeline/Authorize.ts"
import { Authorizers } from "../kernel/pipeline/Policy.ts"
import type { Route } from "../plugins/apiserver/contracts/Routes.ts"

/** What only a rule for every verb on every resource allows. */
const everything = { verb: "*", group: "*", version: "*", resource: "*", subresource: "", namespace: "", name: "" }

export const only = Effect.map(Authorizers, (authorizers) => {
  const check = (user: User) => authorize({ authorizers }, { user, ...everything })
  return (route: Route): Route => ({
    ...route,
    handle: (request) =>
      Effect.andThen(
        check(request.user),
        Effect.suspend(() => route.handle(request))
      )
  })
})
