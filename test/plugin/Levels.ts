/** The levels of isolation that tests run at, and what of them this machine cannot make. */
import type { Isolation } from "../../kernel/plugin/Plugin.ts"
import * as Sandbox from "../../kernel/plugin/isolate/Sandbox.ts"
import { left } from "../Left.ts"

const level = (isolation: Isolation, why = "") => {
  const lacks = why === "" ? [] : [`what a sandbox is made of: ${why}`]
  return { isolation, lacks, title: `isolated as ${isolation}${left(lacks)}` }
}

export const all = [level("in-process"), level("worker"), level("process"), level("sandbox", Sandbox.refusal())]
export const here = all.filter(({ lacks }) => lacks.length === 0)
