/** ECS, as moto plays it. */
import { CreateClusterCommand, ECSClient } from "@aws-sdk/client-ecs"
import { DescribeSubnetsCommand, EC2Client } from "@aws-sdk/client-ec2"
import { Effect, Layer } from "effect"
import * as Ecs from "../../adapters/cloud/aws/ecs/Ecs.ts"
import { type Adapter, checked, kit } from "../Adapter.ts"
import * as ContainerService from "../ContainerService.ts"
import * as Moto from "../stage/Moto.ts"

const region = "us-east-1"
const cluster = "laws"

/** Tasks of moto stop by themselves after a few looks, if nobody says otherwise. */
const patient = { model_name: "ecs::task", transition: { progression: "manual", times: 1_000_000 } }

/** A cluster of ECS, and how it is come to. */
export const made = Effect.gen(function* () {
  // The SDK's own chain finds these; moto takes any.
  process.env["AWS_ACCESS_KEY_ID"] ??= "laws"
  process.env["AWS_SECRET_ACCESS_KEY"] ??= "laws"
  const { href: endpoint } = yield* Moto.start
  const ecs = new ECSClient({ region, endpoint })
  const ec2 = new EC2Client({ region, endpoint })
  const { Subnets = [] } = yield* Effect.tryPromise(async () => {
    await fetch(new URL("/moto-api/state-manager/set-transition", endpoint), {
      method: "POST",
      body: JSON.stringify(patient)
    })
    await ecs.send(new CreateClusterCommand({ clusterName: cluster }))
    return await ec2.send(new DescribeSubnetsCommand({}))
  })
  ecs.destroy()
  ec2.destroy()
  const subnets = Subnets.slice(0, 1).flatMap(({ SubnetId }) => SubnetId ?? [])
  const configuration: Ecs.Configuration = { region, endpoint, ecsCluster: cluster, subnets, pollSeconds: 0.2 }
  return configuration
})

export const layer = Layer.unwrap(Effect.map(made, Ecs.layer))

export const adapters: ReadonlyArray<Adapter> = [
  {
    name: "ecs",
    title: "ECS, as moto plays it",
    isAlone: false,
    lacks: Moto.lacks,
    kits: { "container-service": () => kit(layer, checked(ContainerService.suite)) }
  }
]
