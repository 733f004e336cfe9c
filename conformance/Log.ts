/** The checks of the laws of `Log`, the same for every driver. */
import { Log } from "../kernel/store/Log.ts"
import * as Append from "./log/Append.ts"
import * as Follow from "./log/Follow.ts"
import * as Keep from "./log/Keep.ts"
import * as Suite from "./Suite.ts"

export { restarting } from "./log/Restart.ts"

export const suite = Suite.make(Log, { ...Append.checks, ...Follow.checks, ...Keep.checks })
