/** All that a container runtime offers to a node: the layer of an adapter gives these, and needs none of them. */
import type { ContainerRuntime } from "./ContainerRuntime.ts"
import type { Events } from "./Events.ts"
import type { Exec } from "./Exec.ts"
import type { Images } from "./Images.ts"
import type { Logs } from "./Logs.ts"
import type { Stats } from "./Stats.ts"

export type Powers = ContainerRuntime | Events | Exec | Images | Logs | Stats
