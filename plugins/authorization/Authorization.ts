/** Who may do what: RBAC as authorizer, the reviews that answer by it, and the check that nobody grants more than he has. */
import { Effect, Layer } from "effect"
import { Actions } from "../../kernel/pipeline/Actions.ts"
import { Admissions, Authorizers } from "../../kernel/pipeline/Policy.ts"
import * as Plugin from "../../kernel/plugin/Plugin.ts"
import * as Aggregation from "./Aggregation.ts"
import * as Bootstrap from "./Bootstrap.ts"
import * as Escalation from "./Escalation.ts"
import * as NodeAuthorizer from "./NodeAuthorizer.ts"
import * as NodeRestriction from "./NodeRestriction.ts"
import * as Rbac from "./Rbac.ts"
import * as Reviews from "./Reviews.ts"

/** Members of `system:masters` never come here: the kernel lets them pass. */
export const order = { node: 50, rbac: 100 }

const start = Effect.gen(function* () {
  const [rbac, authorizers] = [yield* Rbac.make, yield* Authorizers]
  return Layer.mergeAll(
    Authorizers.add(order.node, yield* NodeAuthorizer.make),
    Admissions.add(NodeRestriction.admission),
    Authorizers.add(order.rbac, Rbac.authorizer(rbac)),
    Admissions.add(Escalation.admission(rbac, authorizers)),
    ...Reviews.actions(authorizers, rbac.rules).map(Actions.add)
  )
})

/** The decisions alone; `Bootstrap.layer` makes the roles that they need, `Aggregation.layer` keeps those made of others. */
export const layer = Layer.unwrap(start)

export const plugin = Plugin.make({
  name: "authorization",
  layer: Layer.mergeAll(layer, Bootstrap.layer, Aggregation.layer)
})
