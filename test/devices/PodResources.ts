/** Who asks a node which devices its Pods have, with the messages as podresources/v1 has them. */
import * as grpc from "@grpc/grpc-js"
import { Effect } from "effect"
import { join } from "node:path"
import protobuf from "protobufjs"

const { root } = protobuf.parse(
  `syntax = "proto3";
  message List {} message GetAllocatableResources {} message Get { string name = 1; string namespace = 2; }
  message Numa { int64 id = 1; } message Topology { repeated Numa nodes = 1; }
  message Devices { string resource = 1; repeated string ids = 2; Topology topology = 3; }
  message Cdi { string name = 1; }
  message Claimed { repeated Cdi cdi = 1; string driver = 2; string pool = 3; string device = 4; }
  message Claim { string name = 2; string namespace = 3; repeated Claimed resources = 4; }
  message Container { string name = 1; repeated Devices devices = 2; repeated Claim claims = 5; }
  message Pod { string name = 1; string namespace = 2; repeated Container containers = 3; }
  message ListAnswer { repeated Pod pods = 1; } message GetAnswer { Pod pod = 1; }
  message GetAllocatableResourcesAnswer { repeated Devices devices = 1; }`
)

interface Answer {
  readonly pods?: ReadonlyArray<unknown>
  readonly pod?: unknown
  readonly devices?: ReadonlyArray<unknown>
}

export const ask = (directory: string) =>
  Effect.map(
    Effect.acquireRelease(
      Effect.sync(
        () =>
          new grpc.Client(`unix://${join(directory, "pod-resources", "kubelet.sock")}`, grpc.credentials.createInsecure(), {
            "grpc.default_authority": "localhost"
          })
      ),
      (client) => Effect.sync(() => client.close())
    ),
    (client) => (method: "List" | "Get" | "GetAllocatableResources", request: object) =>
      Effect.callback<Answer, Error>((resume) => {
        const [asked, answered] = [root.lookupType(method), root.lookupType(`${method}Answer`)]
        client.makeUnaryRequest(
          `/v1.PodResourcesLister/${method}`,
          (message: object) => Buffer.from(asked.encode(message).finish()),
          (bytes: Buffer): Answer => answered.toObject(answered.decode(bytes)),
          request,
          (error, answer) => resume(error === null ? Effect.succeed(answer ?? {}) : Effect.fail(error))
        )
      })
  )
