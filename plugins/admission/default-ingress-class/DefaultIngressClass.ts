/** An Ingress that names no class gets the default one. Source: "Ingress" of the Kubernetes documentation. */
import { Effect, Layer } from "effect"
import { Client } from "../../../kernel/client/Client.ts"
import { Admissions, atOnce } from "../../../kernel/pipeline/Policy.ts"
import * as Plugin from "../../../kernel/plugin/Plugin.ts"
import { Ingress, IngressClass } from "../../resources/contracts/networking/v1.ts"
import { fresh, youngest } from "../Fresh.ts"
import { asWire } from "../../../kernel/pipeline/Stages.ts"

const mark = "ingressclass.kubernetes.io/is-default-class"
const oldName = "kubernetes.io/ingress.class"

export const layer = Layer.unwrap(
  Effect.gen(function* () {
    const client = yield* Client
    const indexes = {
      default: ({ metadata }: IngressClass) => (metadata.annotations?.[mark] === "true" ? [""] : [])
    }
    const classes = yield* client.cache(IngressClass, { indexes })
    const mutate = atOnce((request) => {
      const ingress = fresh(Ingress, request)
      const isNamed = ingress?.spec?.ingressClassName !== undefined || ingress?.metadata.annotations?.[oldName] !== undefined
      if (ingress === undefined || isNamed) return undefined
      const ingressClassName = youngest(classes.by("default", ""))?.metadata.name
      if (ingressClassName === undefined) return undefined
      const named: typeof ingress = { ...ingress, spec: { ...ingress.spec, ingressClassName } }
      return asWire(named)
    })
    return Admissions.add({ name: "DefaultIngressClass", order: 850, mutate })
  })
)

export const plugin = Plugin.make({ name: "admission/default-ingress-class", layer })
