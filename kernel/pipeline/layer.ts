/** The pipeline, made of its steps; and the past beside it. */
import { Context, Effect, Layer } from "effect"
import { attributesOf, authorize } from "./Authorize.ts"
import { connect } from "./Connect.ts"
import { create } from "./Create.ts"
import { remove, removeAll } from "./Delete.ts"
import * as Environment from "./Environment.ts"
import { patch } from "./Patch.ts"
import * as Past from "./Past.ts"
import { Pipeline } from "./Pipeline.ts"
import { get, list } from "./Read.ts"
import * as Scale from "./Scale.ts"
import { update } from "./Update.ts"
import { watch } from "./Watch.ts"

const make = (environment: Environment.Environment) =>
  Pipeline.of({
    get: (at, options) =>
      at.subresource === "scale"
        ? Effect.flatMap(Scale.pathsOf(at), (paths) =>
            Effect.map(get(environment, at, options), (row) => Scale.rowOf(at, row, paths))
          )
        : get(environment, at, options),
    list: (at, options) => list(environment, at, options),
    watch: (at, options, sink) => watch(environment, at, options, sink),
    create: (at, body, options) => create(environment, at, body, options),
    update: (at, body, options) => update(environment, at, body, options),
    patch: (at, type, body, options) => patch(environment, at, type, body, options),
    delete: (at, options) => remove(environment, at, options),
    deleteCollection: (at, options) => removeAll(environment, at, options),
    authorize: (at, verb) => authorize(environment, attributesOf(at, verb)),
    connect: (at, verb, options) => connect(environment, at, verb, options)
  })

export const layer = Layer.effectContext(
  Effect.gen(function* () {
    const environment = yield* Environment.make
    const past = yield* Past.make(environment)
    yield* Effect.forkScoped(environment.deadlines.watch)
    return Context.make(Pipeline, make(environment)).pipe(Context.add(Past.Past, past))
  })
)
