/** A new node takes no Pods until it is known to be ready. Source: "TaintNodesByCondition" of the admission controllers' reference. */
import { Admissions, atOnce } from "../../../kernel/pipeline/Policy.ts"
import * as Plugin from "../../../kernel/plugin/Plugin.ts"
import { Node } from "../../resources/contracts/core/v1.ts"
import { fresh } from "../Fresh.ts"
import { asWire } from "../../../kernel/pipeline/Stages.ts"

const notReady = { key: "node.kubernetes.io/not-ready", effect: "NoSchedule" }

const mutate = atOnce((request) => {
  const node = fresh(Node, request)
  const taints = node?.spec?.taints ?? []
  if (node === undefined || taints.some(({ effect, key }) => key === notReady.key && effect === notReady.effect))
    return undefined
  const tainted: typeof node = { ...node, spec: { ...node.spec, taints: [...taints, notReady] } }
  return asWire(tainted)
})

export const layer = Admissions.add({ name: "TaintNodesByCondition", order: 250, mutate })

export const plugin = Plugin.make({ name: "admission/taint-nodes", layer })
