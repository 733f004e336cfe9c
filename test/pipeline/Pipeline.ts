/** A whole kernel for tests: the pipeline on a log in memory, with all kinds and no policy but the masters'. */
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
import { ConfigMap, Namespace, Pod, Service } from "../../plugins/resources/contracts/core/v1.ts"
import { Deployment } from "../../plugins/resources/contracts/apps/v1.ts"
import { Effect } from "effect"

export const user = { name: "tester", groups: [masters] }

const kinds = Layer.effectDiscard(
  Effect.gen(function* () {
    const kinds = yield* Kinds
    yield* kinds.add(ConfigMap)
    yield* kinds.add(Namespace)
    yield* kinds.add(Service)
    yield* kinds.add(Pod, {
      graceSeconds: (_, asked) => asked ?? 30,
      selectable: { "spec.nodeName": ({ spec }) => spec.nodeName ?? "" }
    })
    yield* kinds.add(Deployment, { scale: { spec: "spec.replicas", status: "status.replicas", selector: "spec.selector" } })
  })
)

export const pipeline = Layer.mergeAll(PipelineClient.layer(user), PipelineApi.layer(user)).pipe(
  Layer.provideMerge(Pipeline.layer),
  Layer.provideMerge(kinds),
  Layer.provideMerge(Tables.layer),
  Layer.provideMerge(MemoryLog.layer),
  Layer.provideMerge(Layer.mergeAll(Kinds.layer, Policy.layer, Actions.layer))
)
