/** AWS, as moto plays it: machines are made with the SDK, and every call can be disturbed on its way. */
import * as Acm from "@aws-sdk/client-acm"
import * as Ec2 from "@aws-sdk/client-ec2"
import * as Elb from "@aws-sdk/client-elastic-load-balancing-v2"
import { Context, Effect, Layer } from "effect"
import { randomUUID } from "node:crypto"
import * as Aws from "../../adapters/cloud/aws/Aws.ts"
import type { Adapter } from "../Adapter.ts"
import { checked, kit } from "../Adapter.ts"
import { CloudBed } from "../cloud/Bed.ts"
import * as FaultProxy from "../cloud/FaultProxy.ts"
import * as IngressBalancers from "../IngressBalancers.ts"
import * as Instances from "../Instances.ts"
import * as LoadBalancers from "../LoadBalancers.ts"
import * as Routes from "../Routes.ts"
import * as Moto from "../stage/Moto.ts"
import * as Zones from "../Zones.ts"

const region = "us-east-1"
const zones = ["us-east-1a", "us-east-1b"] as const
const image = "ami-12c6146b"

/** What AWS says when it is asked too often, in the words of each service. */
const throttle: FaultProxy.Throttle = ({ headers }) =>
  (headers.authorization ?? "").includes("/ec2/")
    ? {
        status: 503,
        type: "text/xml",
        body: "<Response><Errors><Error><Code>RequestLimitExceeded</Code><Message>Request limit exceeded.</Message></Error></Errors><RequestID>laws</RequestID></Response>"
      }
    : {
        status: 400,
        type: "text/xml",
        body: "<ErrorResponse><Error><Type>Sender</Type><Code>Throttling</Code><Message>Rate exceeded</Message></Error><RequestId>laws</RequestId></ErrorResponse>"
      }

const ask = <A>(act: () => Promise<A>) => Effect.tryPromise(act)

interface Clients {
  readonly acm: Acm.ACMClient
  readonly ec2: Ec2.EC2Client
  readonly elb: Elb.ElasticLoadBalancingV2Client
}

/** The parts of balancers and routes, without the names that AWS gives them. */
const inventory = ({ acm, ec2, elb }: Clients, table: string) =>
  ask(async () => {
    const { LoadBalancers = [] } = await elb.send(new Elb.DescribeLoadBalancersCommand({}))
    const { TargetGroups = [] } = await elb.send(new Elb.DescribeTargetGroupsCommand({}))
    const listeners = await Promise.all(
      LoadBalancers.map(({ LoadBalancerArn }) => elb.send(new Elb.DescribeListenersCommand({ LoadBalancerArn })))
    )
    const rules = await Promise.all(
      listeners.flatMap(({ Listeners = [] }) =>
        Listeners.map(({ ListenerArn }) => elb.send(new Elb.DescribeRulesCommand({ ListenerArn })))
      )
    )
    const { CertificateSummaryList = [] } = await acm.send(new Acm.ListCertificatesCommand({}))
    const targets = await Promise.all(
      TargetGroups.map(({ TargetGroupArn }) => elb.send(new Elb.DescribeTargetHealthCommand({ TargetGroupArn })))
    )
    const { RouteTables = [] } = await ec2.send(new Ec2.DescribeRouteTablesCommand({ RouteTableIds: [table] }))
    return [
      ...LoadBalancers.map(({ LoadBalancerName }) => `load balancer ${LoadBalancerName}`),
      ...TargetGroups.map(({ TargetGroupName }) => `target group ${TargetGroupName}`),
      ...listeners.flatMap(({ Listeners = [] }) => Listeners.map(({ Port, Protocol }) => `listener ${Protocol} ${Port}`)),
      ...rules.flatMap(({ Rules = [] }) =>
        Rules.map(({ Conditions = [] }) => `rule ${JSON.stringify(Conditions.map(({ Values }) => Values))}`)
      ),
      ...CertificateSummaryList.map(({ DomainName }) => `certificate ${DomainName}`),
      ...targets.flatMap(({ TargetHealthDescriptions = [] }) =>
        TargetHealthDescriptions.map(({ Target }) => `target ${Target?.Id}`)
      ),
      ...RouteTables.flatMap(({ Routes = [] }) => Routes.map(({ DestinationCidrBlock }) => `route ${DestinationCidrBlock}`))
    ].toSorted()
  })

/** `every`: how many calls are left alone between those that are disturbed, and one. */
export const layer = (every = 1) =>
  Layer.effectContext(
    Effect.gen(function* () {
      // The SDK's own chain finds these; moto takes any.
      process.env["AWS_ACCESS_KEY_ID"] ??= "laws"
      process.env["AWS_SECRET_ACCESS_KEY"] ??= "laws"
      const moto = yield* Moto.start
      const { disturb, endpoint } = yield* FaultProxy.make(moto, throttle)
      const config = { region, endpoint: moto.href }
      const clients = {
        acm: new Acm.ACMClient(config),
        ec2: new Ec2.EC2Client(config),
        elb: new Elb.ElasticLoadBalancingV2Client(config)
      }
      const { ec2 } = clients
      yield* Effect.addFinalizer(() => Effect.sync(() => Object.values(clients).forEach((client) => client.destroy())))
      const cluster = `laws-${randomUUID().slice(0, 8)}`
      const { Subnets = [] } = yield* ask(() =>
        ec2.send(new Ec2.DescribeSubnetsCommand({ Filters: [{ Name: "availability-zone", Values: [...zones] }] }))
      )
      const subnets = Subnets.flatMap(({ SubnetId }) => SubnetId ?? [])
      const { RouteTable } = yield* ask(() => ec2.send(new Ec2.CreateRouteTableCommand({ VpcId: Subnets[0]?.VpcId })))
      const table = RouteTable?.RouteTableId ?? ""
      const Tags = [{ Key: `kubernetes.io/cluster/${cluster}`, Value: "owned" }]
      yield* ask(() => ec2.send(new Ec2.CreateTagsCommand({ Resources: [...subnets, table], Tags })))
      const ids = new Map<string, string>()
      const of = (name: string) => [ids.get(name) ?? ""]
      const bed = CloudBed.of({
        cluster,
        launch: (name, zone) =>
          ask(async () => {
            const { Instances: made = [] } = await ec2.send(
              new Ec2.RunInstancesCommand({
                ImageId: image,
                MinCount: 1,
                MaxCount: 1,
                Placement: { AvailabilityZone: zones[zone] },
                TagSpecifications: [{ ResourceType: "instance", Tags: [{ Key: "Name", Value: name }, ...Tags] }]
              })
            )
            ids.set(name, made[0]?.InstanceId ?? "")
            const address = made[0]?.PrivateIpAddress ?? ""
            return { name, providerID: "", addresses: [{ type: "InternalIP" as const, address }] }
          }),
        stop: (name) => ask(() => ec2.send(new Ec2.StopInstancesCommand({ InstanceIds: of(name) }))),
        terminate: (name) => ask(() => ec2.send(new Ec2.TerminateInstancesCommand({ InstanceIds: of(name) }))),
        inventory: inventory(clients, table),
        disturb,
        every,
        impossible: { address: "203.0.113.1" }
      })
      const cloud = yield* Layer.build(Aws.layer({ region, endpoint }))
      return Context.add(cloud, CloudBed, bed)
    })
  )

export const adapters: ReadonlyArray<Adapter> = [
  {
    name: "cloud-aws",
    title: "AWS, as moto plays it",
    isAlone: false,
    lacks: Moto.lacks,
    kits: {
      cloud: () =>
        kit(
          layer(),
          checked(Instances.suite),
          checked(Zones.suite),
          checked(LoadBalancers.suite),
          checked(IngressBalancers.suite),
          checked(Routes.suite)
        )
    }
  }
]
