/**
 * A container runtime that is a program of somebody else, in whatever language: it serves the kubelet's six contracts over the wire
 * that `npm run describe` writes down, each at a unix socket of its own in one folder. `examples/runtime-go` is one.
 */
import { Effect, Layer, Schema } from "effect"
import { join } from "node:path"
import type { Contract } from "../../../kernel/plugin/Contract.ts"
import * as Socket from "../../../kernel/plugin/Socket.ts"
import { ContainerRuntime } from "../../../plugins/kubelet/contracts/ContainerRuntime.ts"
import { Events } from "../../../plugins/kubelet/contracts/Events.ts"
import { Exec } from "../../../plugins/kubelet/contracts/Exec.ts"
import { Images } from "../../../plugins/kubelet/contracts/Images.ts"
import { Logs } from "../../../plugins/kubelet/contracts/Logs.ts"
import { Stats } from "../../../plugins/kubelet/contracts/Stats.ts"

export interface Options {
  /** Where the sockets lie: `kubelet.ContainerRuntime.sock` and so on. */
  readonly directory: string
  /** What becomes of the Pods when this ends; the program goes on either way. */
  readonly stop: "keep" | "remove"
}

/** The socket of a contract in a folder of sockets. */
export const socketOf = ({ directory }: Pick<Options, "directory">, { key }: Pick<Contract<unknown, unknown>, "key">) =>
  join(directory, Socket.fileOf({ key }))

export class ImageNotThere extends Schema.TaggedError<ImageNotThere>()("ImageNotThere", { image: Schema.String }) {
  override get message() {
    return `the runtime has no image ${this.image}: its contracts take in no archives, give it the image by its own means`
  }
}

export class NoArchives extends Schema.TaggedError<NoArchives>()("NoArchives", {}) {
  override get message() {
    return "the runtime wire takes in no image archives: images are pulled, or given to the program by its own means"
  }
}

/** What stands in for the import of an image: it has to be there already. */
export const hasImage = (image: string) =>
  Effect.flatMap(Images, ({ find }) =>
    Effect.flatMap(find({ image }), (found) => (found === null ? Effect.fail(new ImageNotThere({ image })) : Effect.void))
  )

/** Takes back all that it runs. */
const removed = Effect.gen(function* () {
  const { list, removePod } = yield* ContainerRuntime
  for (const { id } of yield* list({})) yield* removePod({ pod: id })
}).pipe(Effect.catch((error) => Effect.logError("the Pods of the runtime wire were not removed", error)))

/** ContainerRuntime, Events, Images, Exec, Logs and Stats of the program that serves this folder. */
export const layer = (options: Options) => {
  const at = <Self, S>(contract: Contract<Self, S>) => Socket.connect(contract, socketOf(options, contract))
  const all = Layer.mergeAll(at(ContainerRuntime), at(Events), at(Images), at(Exec), at(Logs), at(Stats))
  return options.stop === "keep" ? all : Layer.provideMerge(Layer.effectDiscard(Effect.addFinalizer(() => removed)), all)
}
