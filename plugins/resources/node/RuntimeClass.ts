/** RuntimeClasses: names for the ways to run a container. */
import * as Causes from "../../../kernel/resource/Causes.ts"
import * as Names from "../../../kernel/resource/Names.ts"
import { each, inside, requiredName } from "../../../kernel/resource/Rules.ts"
import * as Selector from "../../../kernel/resource/Selector.ts"
import type { Strategy } from "../../../kernel/resource/Strategy.ts"
import { text } from "../Columns.ts"
import { validateToleration } from "../core/AffinityValidation.ts"
import { validateOverhead } from "../core/ResourceValidation.ts"
import type { RuntimeClass } from "../contracts/node/v1.ts"

export const strategy: Strategy<RuntimeClass> = {
  validate: ({ handler, overhead, scheduling }) => [
    ...requiredName("handler", handler, Names.dns1123Label),
    ...inside(overhead?.podFixed, (amounts) => validateOverhead(amounts, "overhead")),
    ...Selector.validateLabels(scheduling?.nodeSelector, "scheduling.nodeSelector"),
    ...each(scheduling?.tolerations, "scheduling.tolerations", validateToleration)
  ],
  validateUpdate: ({ handler }, { handler: old }) => (handler === old ? [] : [Causes.immutable("handler", handler)]),
  columns: [text("Handler", "What the runtime calls it.", ({ handler }) => handler)]
}
