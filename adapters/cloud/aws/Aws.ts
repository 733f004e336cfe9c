/** The cloud of Amazon: EC2 instances are nodes, network load balancers (ELBv2) serve Services. */
import { Context, Effect, Layer, Schema } from "effect"
import { readFile } from "node:fs/promises"
import { parse } from "yaml"
import { Refused } from "../../../plugins/cloud/contracts/Cloud.ts"
import * as Plugin from "../../../kernel/plugin/Plugin.ts"
import { IngressBalancers } from "../../../plugins/cloud/contracts/IngressBalancers.ts"
import { Instances } from "../../../plugins/cloud/contracts/Instances.ts"
import { LoadBalancers } from "../../../plugins/cloud/contracts/LoadBalancers.ts"
import { Routes } from "../../../plugins/cloud/contracts/Routes.ts"
import { Zones } from "../../../plugins/cloud/contracts/Zones.ts"
import * as Calls from "./Calls.ts"
import * as IngressBalancing from "./IngressBalancing.ts"
import * as LoadBalancing from "./LoadBalancing.ts"
import * as Machines from "./Machines.ts"
import * as RouteTables from "./RouteTables.ts"

const { Array: List, optionalKey, String: Text, Struct } = Schema

/** What stands in `--cloud-config`. */
export const Configuration = Struct({
  region: Text,
  endpoint: optionalKey(Text),
  subnets: optionalKey(List(Text)),
  routeTable: optionalKey(Text)
})
export type Configuration = typeof Configuration.Type
const decode = Schema.decodeUnknownEffect(Configuration, { onExcessProperty: "error" })

export const layer = ({ endpoint = "", region, routeTable = "", subnets = [] }: Configuration) =>
  Layer.effectContext(
    Effect.gen(function* () {
      const calls = yield* Calls.open({ endpoint, region })
      const machines = Machines.make(calls)
      return Context.make(Instances, machines.instances).pipe(
        Context.add(Zones, machines.zones),
        Context.add(LoadBalancers, LoadBalancing.make(calls, machines, { subnets })),
        Context.add(IngressBalancers, IngressBalancing.make(calls, machines, { subnets })),
        Context.add(Routes, RouteTables.make(calls, machines, { routeTable }))
      )
    })
  )

const read = Effect.fnUntraced(function* (file: string) {
  const refused = (cause: unknown) =>
    new Refused({ reason: `--cloud-config ${file}, the configuration of AWS: ${String(cause)}` })
  const text = yield* Effect.tryPromise({ try: () => readFile(file, "utf8"), catch: refused })
  const value = yield* Effect.try({ try: (): unknown => parse(text), catch: refused })
  return yield* Effect.mapError(decode(value), refused)
})

/** `file`: its configuration, read when it starts. */
export const plugin = (file: string) =>
  Plugin.make({
    name: "cloud-aws",
    offers: [Instances, Zones, LoadBalancers, IngressBalancers, Routes],
    layer: Layer.unwrap(Effect.map(read(file), layer))
  })
