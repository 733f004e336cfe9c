/** The calls that start a Pod of one container, and no others: what somebody would make who knows that nothing goes wrong. */
import { Context, Effect, Layer, Schema } from "effect"
import { Cri } from "../../adapters/cri/Cri.ts"
import { Engine } from "../../adapters/cri/Engine.ts"
import * as PauseImage from "../../adapters/cri/PauseImage.ts"
import * as Replies from "../../adapters/cri/Replies.ts"

const namespaces = { network: "POD", pid: "CONTAINER", ipc: "POD" } as const

const cri = Effect.fnUntraced(function* (socket: string) {
  const { call } = Context.get(yield* Layer.build(Cri.layer(socket)), Cri)
  return {
    start: Effect.fnUntraced(function* (index: string) {
      const metadata = { name: index, uid: index, namespace: "bare", attempt: 0 }
      const config = { metadata, linux: { security_context: { namespace_options: namespaces } } }
      const { pod_sandbox_id } = yield* call("RunPodSandbox", Replies.RunPodSandbox, { config }, "4 minutes")
      const container = {
        metadata: { name: "main", attempt: 0 },
        image: { image: "busybox", user_specified_image: "busybox" },
        command: ["sleep", "3600"],
        log_path: "main.log",
        linux: { security_context: { namespace_options: namespaces } }
      }
      const asked = { pod_sandbox_id, config: container, sandbox_config: config }
      const { container_id } = yield* call("CreateContainer", Replies.CreateContainer, asked)
      yield* call("StartContainer", Replies.Nothing, { container_id })
      return pod_sandbox_id
    }),
    remove: Effect.fnUntraced(function* (pod_sandbox_id: string) {
      const { containers } = yield* call("ListContainers", Replies.ListContainers, { filter: { pod_sandbox_id } })
      for (const { id } of containers) yield* call("StopContainer", Replies.Nothing, { container_id: id, timeout: 0 })
      yield* call("StopPodSandbox", Replies.Nothing, { pod_sandbox_id })
      yield* call("RemovePodSandbox", Replies.Nothing, { pod_sandbox_id })
    })
  }
})

/** How one container joins the network of another, in the words of each. */
const engines = {
  podman: {
    base: "/v4.0.0/libpod",
    removal: { force: "true", v: "true", timeout: "0" },
    create: (name: string, image: string, command: ReadonlyArray<string>, joined: string | undefined) => ({
      query: {},
      body: {
        name,
        image,
        ...(command.length > 0 && { command }),
        netns: joined === undefined ? { nsmode: "none" } : { nsmode: "container", value: joined }
      }
    })
  },
  docker: {
    base: "/v1.41",
    removal: { force: "true", v: "true" },
    create: (name: string, image: string, command: ReadonlyArray<string>, joined: string | undefined) => ({
      query: { name },
      body: {
        Image: image,
        ...(command.length > 0 && { Cmd: command }),
        HostConfig: { NetworkMode: joined === undefined ? "none" : `container:${joined}` }
      }
    })
  }
}

const Created = Schema.Struct({ Id: Schema.String })

/** A Pod without a network: that is not theirs to give. */
const engine = Effect.fnUntraced(function* (name: keyof typeof engines, socket: string) {
  const { base, create, removal } = engines[name]
  const { call, tell } = Context.get(yield* Layer.build(Engine.layer({ socket, base })), Engine)
  const begin = Effect.fnUntraced(function* (asked: ReturnType<typeof create>) {
    const { Id } = yield* call("POST", "/containers/create", Created, asked)
    yield* tell("POST", `/containers/${Id}/start`)
    return Id
  })
  return {
    start: Effect.fnUntraced(function* (index: string) {
      const pod = yield* begin(create(`bare-${index}`, PauseImage.name, [], undefined))
      const main = yield* begin(create(`bare-${index}-main`, "busybox", ["sleep", "3600"], pod))
      return `${main} ${pod}`
    }),
    remove: (both: string) =>
      Effect.forEach(both.split(" "), (id) => tell("DELETE", `/containers/${id}`, { query: removal }), {
        discard: true
      })
  }
})

const isEngine = (name: string): name is keyof typeof engines => name in engines

export const make = (name: string, socket: string) => (isEngine(name) ? engine(name, socket) : cri(socket))
