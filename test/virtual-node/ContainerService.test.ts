/** Services that run Pods keep their laws, and the checks see each law broken. */
import * as ContainerService from "../../conformance/ContainerService.ts"
import * as MemoryContainerService from "../../adapters/memory/MemoryContainerService.ts"
import { installed, sabotage, verify } from "../Verify.ts"

verify("hollow", ContainerService.suite, MemoryContainerService.layer())
verify("hollow, through a slot", ContainerService.suite, installed(MemoryContainerService.plugin()))
sabotage(ContainerService.suite, MemoryContainerService.layer())
