/** The contract `Routes` on AWS: routes to instances in the route tables of the cluster. */
import type { Route as Ec2Route } from "@aws-sdk/client-ec2"
import { Effect } from "effect"
import { Refused } from "../../../plugins/cloud/contracts/Cloud.ts"
import { Routes } from "../../../plugins/cloud/contracts/Routes.ts"
import { type Calls, hasCode, refused } from "./Calls.ts"
import type { Machines } from "./Machines.ts"

export interface Options {
  /** Empty: that which is tagged for the cluster. */
  readonly routeTable: string
}

export const make = ({ ec2 }: Calls, machines: Machines, { routeTable }: Options) => {
  const table = (cluster: string) =>
    ec2((client, { DescribeRouteTablesCommand }, options) =>
      client.send(
        new DescribeRouteTablesCommand(
          routeTable === ""
            ? { Filters: [{ Name: "tag-key", Values: [`kubernetes.io/cluster/${cluster}`] }] }
            : { RouteTableIds: [routeTable] }
        ),
        options
      )
    ).pipe(
      Effect.mapError(refused),
      Effect.map(({ RouteTables = [] }) => RouteTables[0]),
      Effect.filterOrFail(
        (found) => found?.RouteTableId !== undefined,
        () => {
          const tag = `kubernetes.io/cluster/${cluster}`
          return new Refused({ reason: `no route table is tagged ${tag}: tag one, or name it in --cloud-config` })
        }
      ),
      Effect.map((found) => ({ id: found?.RouteTableId ?? "", routes: found?.Routes ?? [] }))
    )
  const destinationOf = ({ DestinationCidrBlock, DestinationIpv6CidrBlock }: Ec2Route) =>
    DestinationCidrBlock ?? DestinationIpv6CidrBlock ?? ""
  const about = (RouteTableId: string, destination: string) => ({
    RouteTableId,
    ...(destination.includes(":") ? { DestinationIpv6CidrBlock: destination } : { DestinationCidrBlock: destination })
  })

  return Routes.of({
    list: Effect.fnUntraced(function* ({ cluster }) {
      const { routes } = yield* table(cluster)
      const own = routes.filter(({ InstanceId, State }) => InstanceId !== undefined || State === "blackhole")
      const known = yield* machines.providerIds(own.flatMap(({ InstanceId }) => InstanceId ?? []))
      return own.map((route) => ({
        name: destinationOf(route),
        providerID: known.get(route.InstanceId ?? "") ?? "",
        destination: destinationOf(route),
        blackhole: route.State === "blackhole" || !known.has(route.InstanceId ?? "")
      }))
    }),
    create: Effect.fnUntraced(function* ({ cluster, destination, node }) {
      const { InstanceId, SourceDestCheck } = yield* machines.find(node)
      const { id, routes } = yield* table(cluster)
      // Packets of Pods do not come from the instance's own address.
      if (SourceDestCheck !== false)
        yield* ec2((client, { ModifyInstanceAttributeCommand }, options) =>
          client.send(new ModifyInstanceAttributeCommand({ InstanceId, SourceDestCheck: { Value: false } }), options)
        ).pipe(Effect.mapError(refused))
      const found = routes.find((route) => destinationOf(route) === destination)
      if (found?.InstanceId === InstanceId && found?.State !== "blackhole") return
      const route = { ...about(id, destination), InstanceId }
      const replace = ec2((client, { ReplaceRouteCommand }, options) => client.send(new ReplaceRouteCommand(route), options))
      const create = ec2((client, { CreateRouteCommand }, options) => client.send(new CreateRouteCommand(route), options))
      yield* Effect.catch(found === undefined ? Effect.asVoid(create) : Effect.asVoid(replace), (error) =>
        hasCode(error, "RouteAlreadyExists") ? Effect.asVoid(replace) : Effect.fail(error)
      ).pipe(Effect.mapError(refused))
    }),
    delete: Effect.fnUntraced(function* ({ cluster, route }) {
      const { id } = yield* table(cluster)
      yield* ec2((client, { DeleteRouteCommand }, options) =>
        client.send(new DeleteRouteCommand(about(id, route.destination)), options)
      ).pipe(
        Effect.catch((error) => (hasCode(error, "InvalidRoute.NotFound") ? Effect.void : Effect.fail(error))),
        Effect.mapError(refused)
      )
    })
  })
}
