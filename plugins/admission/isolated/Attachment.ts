/** How admission plugins from outside join the pipeline of this process. */
import { Effect, Layer } from "effect"
import { Admissions } from "../../../kernel/pipeline/Policy.ts"
import type { Kinds } from "../../../kernel/resource/Kinds.ts"
import { Attachments } from "../../packages/contracts/Attachments.ts"
import { AdmissionPoints } from "../contracts/AdmissionPoints.ts"
import * as Bridge from "./Bridge.ts"

export const layer = Layer.effectDiscard(
  Effect.gen(function* () {
    const attachments = yield* Attachments
    const admissions = yield* Admissions
    const kinds = yield* Effect.context<Kinds>()
    yield* attachments.add({
      contract: AdmissionPoints,
      attach: Effect.fnUntraced(function* (points, about) {
        const described = yield* points.describe()
        yield* admissions.add(Bridge.make(points, described, about, kinds))
      })
    })
  })
)
