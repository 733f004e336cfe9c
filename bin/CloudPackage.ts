/** A cloud that is a package: where the server leads, the controllers of a cloud follow what it offers, as long as it is there. */
import { Context, Effect, Layer, Schema } from "effect"
import { IngressBalancers } from "../plugins/cloud/contracts/IngressBalancers.ts"
import { Instances } from "../plugins/cloud/contracts/Instances.ts"
import { LoadBalancers } from "../plugins/cloud/contracts/LoadBalancers.ts"
import { Routes } from "../plugins/cloud/contracts/Routes.ts"
import { Zones } from "../plugins/cloud/contracts/Zones.ts"
import type { Attachments } from "../plugins/packages/contracts/Attachments.ts"
import * as Group from "../plugins/packages/node/Group.ts"

type Contracts = Instances | Zones | LoadBalancers

class CloudTaken extends Schema.TaggedError<CloudTaken>()("CloudTaken", { name: Schema.String }) {
  override get message() {
    return `the cloud of this cluster is the plugin ${this.name}: suspend that first`
  }
}

const contracts = [Instances, Zones, LoadBalancers] as const

/** `routes`: of its network, where they are wished for and the package has them; `ingresses`: if its load balancers know HTTP. */
export const layer = <R>(
  controllers: Layer.Layer<never, unknown, R | Contracts>,
  routes: Layer.Layer<never, unknown, R | Routes>,
  ingresses: Layer.Layer<never, unknown, R | IngressBalancers>
): Layer.Layer<never, never, R | Attachments> =>
  Layer.effectDiscard(
    Effect.gen(function* () {
      const services = yield* Effect.context<R>()
      let cloud: string | undefined
      const follow = <Given>(following: Layer.Layer<never, unknown, R | Given>, given: Context.Context<Given>) =>
        Effect.asVoid(
          Layer.build(Layer.fresh(Layer.provide(following, Layer.succeedContext(Context.merge(services, given)))))
        )
      yield* Group.once<Contracts>(contracts, (given, { name }) =>
        Effect.gen(function* () {
          if (cloud !== undefined) return yield* new CloudTaken({ name: cloud })
          yield* Effect.acquireRelease(
            Effect.sync(() => void (cloud = name)),
            () => Effect.sync(() => void (cloud = undefined))
          )
          yield* follow(controllers, given)
        })
      )
      yield* Group.once([Routes], (given) => follow(routes, given))
      yield* Group.once([IngressBalancers], (given) => follow(ingresses, given))
    })
  )
