/** Whole schedulers, told to lead and to rest: ours, and one from a package. */

import { fileURLToPath } from "node:url"
import { describe, it } from "@effect/vitest"
import { Effect, Layer } from "effect"
import * as MemoryApi from "../../adapters/memory/MemoryApi.ts"
import { suite } from "../../conformance/Scheduler.ts"
import * as Package from "../../conformance/stage/Package.ts"
import * as ApiClient from "../../kernel/client/ApiClient.ts"
import * as Plugin from "../../kernel/plugin/Plugin.ts"
import * as Own from "../../plugins/scheduler/seat/Own.ts"
import { sabotage, verify } from "../Verify.ts"

const api = Layer.provideMerge(ApiClient.layer, MemoryApi.layer())
const here = Layer.provideMerge(Plugin.install(Own.plugin()), Layer.merge(api, Plugin.Host.layer))

verify("ours", suite, here)
sabotage(suite, here)

const example = (name: string) => fileURLToPath(new URL(`../../examples/${name}/`, import.meta.url))
describe("schedulers as packages", () => {
  it.live.each(["scheduler-own", "scheduler-first-fit"])("%s keeps the laws in a thread", (name) =>
    Effect.promise(() => Package.check(example(name), "worker"))
  )
})
