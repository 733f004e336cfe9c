/** The API in memory keeps the laws that the real ones keep, also through a slot and from a thread. */
import * as MemoryApi from "../../adapters/memory/MemoryApi.ts"
import * as Api from "../../conformance/Api.ts"
import * as Worker from "../../kernel/plugin/Worker.ts"
import { installed, sabotage, verify } from "../Verify.ts"

const module = new URL("../../adapters/memory/MemoryApi.ts", import.meta.url)

verify("in memory", Api.suite, MemoryApi.layer())
verify("in memory, through a slot and a thread", Api.suite, installed(Worker.isolate(MemoryApi.plugin, module)))
sabotage(Api.suite, MemoryApi.layer())
