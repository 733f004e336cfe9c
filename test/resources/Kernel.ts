/** A whole kernel for tests, with the built-in kinds and their strategies, on a log in memory. */
import { Layer } from "effect"
import * as PipelineApi from "../../kernel/client/PipelineApi.ts"
import * as PipelineClient from "../../kernel/client/PipelineClient.ts"
import { Actions } from "../../kernel/pipeline/Actions.ts"
import { masters } from "../../kernel/pipeline/Attributes.ts"
import * as Pipeline from "../../kernel/pipeline/layer.ts"
import * as Policy from "../../kernel/pipeline/Policy.ts"
import { Kinds } from "../../kernel/resource/Kinds.ts"
import * as MemoryLog from "../../kernel/store/memory/MemoryLog.ts"
import * as Tables from "../../kernel/table/Tables.ts"
import * as PodActions from "../../plugins/resources/core/PodActions.ts"
import * as Resources from "../../plugins/resources/Resources.ts"

const user = { name: "tester", groups: [masters] }

/** `more`: what its client finds beside it, such as groups that another server answers for. */
export const kernelWith = <A>(more: Layer.Layer<A>) =>
  PodActions.plugin.layer.pipe(
    Layer.provideMerge(Layer.mergeAll(PipelineClient.layer(user), PipelineApi.layer(user))),
    Layer.provideMerge(Pipeline.layer),
    Layer.provideMerge(Resources.layer),
    Layer.provideMerge(Tables.layer),
    Layer.provideMerge(MemoryLog.layer),
    Layer.provideMerge(Layer.mergeAll(Kinds.layer, Policy.layer, Actions.layer, more))
  )

export const kernel = kernelWith(Layer.empty)
