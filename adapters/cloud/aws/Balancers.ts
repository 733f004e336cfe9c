/**
 * A Service as a network load balancer: the balancer, a listener for each port, a target group for each node port. Each step looks what
 * there is and makes what is missing, by names that are known beforehand: it may end after any call, and be begun again.
 */
import type {
  CreateLoadBalancerCommandInput,
  CreateTargetGroupCommandInput,
  Listener,
  LoadBalancer as Nlb,
  ProtocolEnum,
  TargetGroup
} from "@aws-sdk/client-elastic-load-balancing-v2"
import { Effect } from "effect"
import { type NotReady as NotReadyError, NotReady, Refused } from "../../../plugins/cloud/contracts/Cloud.ts"
import type { Target } from "../../../plugins/cloud/contracts/LoadBalancers.ts"
import { type Calls, hasCode } from "./Calls.ts"
import { instanceIdOf } from "./Machines.ts"
import * as Names from "./Names.ts"
import type { healthCheckOf, Way } from "./Wanted.ts"

export interface Options {
  /** Where balancers are; without any, those that are tagged for the cluster. */
  readonly subnets: ReadonlyArray<string>
}

const inUse = (error: { readonly message: string }): NotReadyError =>
  new NotReady({ reason: error.message, retryAfterSeconds: 2 })

export const make = ({ ec2, elb, makeElb }: Calls, { subnets }: Options) => {
  const balancer = (name: string) =>
    elb((client, { DescribeLoadBalancersCommand }, options) =>
      client.send(new DescribeLoadBalancersCommand({ Names: [name] }), options)
    ).pipe(
      Effect.map(({ LoadBalancers = [] }): Nlb | undefined => LoadBalancers[0]),
      Effect.catch((error) => (hasCode(error, "LoadBalancerNotFound") ? Effect.succeed(undefined) : Effect.fail(error)))
    )

  const allBalancers = elb(async (client, { paginateDescribeLoadBalancers }, options) => {
    const found: Array<Nlb> = []
    for await (const page of paginateDescribeLoadBalancers({ client }, {}, options))
      found.push(...(page.LoadBalancers ?? []))
    return found
  })
  /** There is no asking for names that begin so. */
  const targetGroups = (name: string) =>
    elb(async (client, { paginateDescribeTargetGroups }, options) => {
      const found: Array<TargetGroup> = []
      for await (const page of paginateDescribeTargetGroups({ client }, {}, options))
        found.push(...(page.TargetGroups ?? []))
      return found.filter(({ TargetGroupName = "" }) => TargetGroupName.startsWith(name))
    })
  const listeners = (arn: string) =>
    elb(async (client, { paginateDescribeListeners }, options) => {
      const found: Array<Listener> = []
      for await (const page of paginateDescribeListeners({ client }, { LoadBalancerArn: arn }, options))
        found.push(...(page.Listeners ?? []))
      return found
    }).pipe(Effect.catch((error) => (hasCode(error, "LoadBalancerNotFound") ? Effect.succeed([]) : Effect.fail(error))))

  const subnetsOf = (cluster: string) =>
    subnets.length > 0
      ? Effect.succeed([...subnets])
      : ec2((client, { DescribeSubnetsCommand }, options) =>
          client.send(
            new DescribeSubnetsCommand({ Filters: [{ Name: "tag-key", Values: [`kubernetes.io/cluster/${cluster}`] }] }),
            options
          )
        ).pipe(
          Effect.map(({ Subnets = [] }) => Subnets.flatMap(({ SubnetId }) => SubnetId ?? [])),
          Effect.filterOrFail(
            (found) => found.length > 0,
            () =>
              new Refused({
                reason: `no subnet is tagged kubernetes.io/cluster/${cluster}: tag one, or name it in --cloud-config`
              })
          )
        )

  /** What is made, but for where. */
  type About = Pick<CreateLoadBalancerCommandInput, "Scheme" | "SecurityGroups" | "Tags" | "Type"> & {
    readonly Name: string
  }
  const created = Effect.fnUntraced(function* (cluster: string, about: About) {
    const { Name } = about
    const found = yield* balancer(Name)
    if (found !== undefined) return found
    const Subnets = yield* subnetsOf(cluster)
    return yield* makeElb((client, { CreateLoadBalancerCommand }, options) =>
      client.send(new CreateLoadBalancerCommand({ ...about, Subnets }), options)
    ).pipe(
      Effect.map(({ LoadBalancers = [] }) => LoadBalancers[0]),
      // Somebody has made it meanwhile: it may have been us, and the answer was lost.
      Effect.catch((error) => (hasCode(error, "DuplicateLoadBalancerName") ? balancer(Name) : Effect.fail(error))),
      Effect.flatMap((made) =>
        made === undefined
          ? Effect.fail(inUse({ message: `the load balancer ${Name} is not listed yet` }))
          : Effect.succeed(made)
      )
    )
  })

  const isHealthy = (group: TargetGroup, check: ReturnType<typeof healthCheckOf>) =>
    group.HealthCheckProtocol === check.HealthCheckProtocol &&
    group.HealthCheckPort === check.HealthCheckPort &&
    (check.HealthCheckPath === undefined || group.HealthCheckPath === check.HealthCheckPath)

  /** The target group of a node port, which is a part of the balancer of that name. */
  type Group = Pick<CreateTargetGroupCommandInput, "Tags" | "VpcId"> & {
    readonly Protocol: ProtocolEnum
    readonly Port: number
  }
  const grouped = Effect.fnUntraced(function* (
    balancer: string,
    wanted: Group,
    check: ReturnType<typeof healthCheckOf>,
    existing: ReadonlyArray<TargetGroup>
  ) {
    const name = Names.ofTargetGroup(balancer, wanted.Protocol, wanted.Port)
    const byName = ({ TargetGroupName }: TargetGroup) => TargetGroupName === name
    const about = { ...wanted, Name: name, TargetType: "instance", ...check } as const
    const group =
      existing.find(byName) ??
      (yield* makeElb((client, { CreateTargetGroupCommand }, options) =>
        client.send(new CreateTargetGroupCommand(about), options)
      ).pipe(
        Effect.map(({ TargetGroups = [] }) => TargetGroups[0]),
        Effect.catch((error) =>
          hasCode(error, "DuplicateTargetGroupName")
            ? Effect.map(targetGroups(name), (all) => all.find(byName))
            : Effect.fail(error)
        )
      ))
    const arn = group?.TargetGroupArn
    if (group === undefined || arn === undefined)
      return yield* Effect.fail(inUse({ message: `the target group ${name} is not listed yet` }))
    if (!isHealthy(group, check))
      yield* elb((client, { ModifyTargetGroupCommand }, options) =>
        client.send(new ModifyTargetGroupCommand({ TargetGroupArn: arn, ...check }), options)
      )
    return arn
  })

  const unlistened = (all: ReadonlyArray<Listener>) =>
    Effect.forEach(
      all,
      ({ ListenerArn }) =>
        elb((client, { DeleteListenerCommand }, options) =>
          client.send(new DeleteListenerCommand({ ListenerArn }), options)
        ).pipe(Effect.catch((error) => (hasCode(error, "ListenerNotFound") ? Effect.void : Effect.fail(error)))),
      { discard: true }
    )

  /** A port has one listener; one of another protocol goes first. */
  const listened = Effect.fnUntraced(function* (
    LoadBalancerArn: string,
    ways: ReadonlyArray<Pick<Way, "port" | "protocol"> & { readonly group: string }>
  ) {
    const now = yield* listeners(LoadBalancerArn)
    const isKept = ({ Port, Protocol }: Listener) =>
      ways.some(({ port, protocol }) => port === Port && protocol === Protocol)
    yield* unlistened(now.filter((one) => !isKept(one)))
    for (const { group, port, protocol } of ways) {
      const DefaultActions = [{ Type: "forward" as const, TargetGroupArn: group }]
      const found = now.find(({ Port, Protocol }) => Port === port && Protocol === protocol)
      if (found?.DefaultActions?.[0]?.TargetGroupArn === group) continue
      yield* makeElb((client, { CreateListenerCommand, ModifyListenerCommand }, options) =>
        found === undefined
          ? client.send(
              new CreateListenerCommand({ LoadBalancerArn, Port: port, Protocol: protocol, DefaultActions }),
              options
            )
          : client.send(new ModifyListenerCommand({ ListenerArn: found.ListenerArn, DefaultActions }), options)
      ).pipe(Effect.catch((error) => Effect.fail(hasCode(error, "DuplicateListener") ? inUse(error) : error)))
    }
  })

  const targetsOf = (TargetGroupArn: string) =>
    elb((client, { DescribeTargetHealthCommand }, options) =>
      client.send(new DescribeTargetHealthCommand({ TargetGroupArn }), options)
    ).pipe(
      Effect.map(({ TargetHealthDescriptions = [] }) =>
        TargetHealthDescriptions.flatMap(({ Target, TargetHealth }) =>
          Target?.Id === undefined || TargetHealth?.State === "draining" ? [] : [Target.Id]
        )
      )
    )

  const directed = Effect.fnUntraced(function* (TargetGroupArn: string, targets: ReadonlyArray<Target>) {
    const wanted = targets.flatMap(({ providerID }) => instanceIdOf(providerID) ?? [])
    const now = yield* targetsOf(TargetGroupArn)
    const missing = wanted.filter((id) => !now.includes(id)).map((Id) => ({ Id }))
    const surplus = now.filter((id) => !wanted.includes(id)).map((Id) => ({ Id }))
    if (missing.length > 0)
      yield* elb((client, { RegisterTargetsCommand }, options) =>
        client.send(new RegisterTargetsCommand({ TargetGroupArn, Targets: missing }), options)
      )
    if (surplus.length > 0)
      yield* elb((client, { DeregisterTargetsCommand }, options) =>
        client.send(new DeregisterTargetsCommand({ TargetGroupArn, Targets: surplus }), options)
      )
  })

  const deleteGroup = (TargetGroupArn: string | undefined) =>
    elb((client, { DeleteTargetGroupCommand }, options) =>
      client.send(new DeleteTargetGroupCommand({ TargetGroupArn }), options)
    ).pipe(
      Effect.asVoid,
      Effect.catch((error) =>
        hasCode(error, "TargetGroupNotFound")
          ? Effect.void
          : Effect.fail(hasCode(error, "ResourceInUse") ? inUse(error) : error)
      )
    )

  /** The balancer of a name, with all its parts. */
  const remove = Effect.fnUntraced(function* (name: string) {
    const found = yield* balancer(name)
    if (found !== undefined) {
      // Its listeners go with it on AWS; taken one by one they also let go of their groups at once.
      yield* unlistened(yield* listeners(found.LoadBalancerArn ?? ""))
      yield* elb((client, { DeleteLoadBalancerCommand }, options) =>
        client.send(new DeleteLoadBalancerCommand({ LoadBalancerArn: found.LoadBalancerArn }), options)
      ).pipe(Effect.catch((error) => (hasCode(error, "LoadBalancerNotFound") ? Effect.void : Effect.fail(error))))
    }
    for (const { TargetGroupArn } of yield* targetGroups(`${name}-`)) yield* deleteGroup(TargetGroupArn)
  })

  /** Tags of 20 things at once, as many as AWS tells. */
  const tagsOf = (arns: ReadonlyArray<string>) =>
    Effect.forEach(
      Array.from({ length: Math.ceil(arns.length / 20) }, (_, page) => arns.slice(page * 20, page * 20 + 20)),
      (ResourceArns) =>
        elb((client, { DescribeTagsCommand }, options) =>
          client.send(new DescribeTagsCommand({ ResourceArns }), options)
        ).pipe(Effect.map(({ TagDescriptions = [] }) => TagDescriptions.map(({ Tags = [] }) => Tags)))
    ).pipe(Effect.map((pages) => pages.flat()))

  /** The tags of each balancer and group whose name begins so. */
  const tagged = Effect.fnUntraced(function* (prefix: string) {
    const balancers = (yield* allBalancers).filter(({ LoadBalancerName = "" }) => LoadBalancerName.startsWith(prefix))
    const groups = yield* targetGroups(prefix)
    return yield* tagsOf([
      ...balancers.flatMap(({ LoadBalancerArn }) => LoadBalancerArn ?? []),
      ...groups.flatMap(({ TargetGroupArn }) => TargetGroupArn ?? [])
    ])
  })

  return {
    balancer,
    targetGroups,
    listeners,
    created,
    grouped,
    listened,
    targetsOf,
    directed,
    deleteGroup,
    remove,
    unlistened,
    tagged
  }
}
