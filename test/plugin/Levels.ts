/** The levels of isolation that tests run at, what a sandbox is made of among them, and what of all that this machine cannot make. */
import type { Settings } from "../../kernel/plugin/Isolate.ts"
import type { Isolation } from "../../kernel/plugin/Plugin.ts"
import * as Deno from "../../kernel/plugin/isolate/Deno.ts"
import * as Sandbox from "../../kernel/plugin/isolate/Sandbox.ts"
import { left } from "../Left.ts"

type How = Pick<Settings, "confinement" | "isolation" | "runtime">

const made = (name: string, how: How, lacks: ReadonlyArray<string> = []) => ({
  name,
  how,
  isolation: how.isolation,
  lacks,
  title: `isolated as ${name}${left(lacks)}`
})

const level = (isolation: Isolation) => made(isolation, { isolation })

const namespaces = Sandbox.refusal() === "" ? [] : [`what a sandbox is made of: ${Sandbox.refusal()}`]
const deno = Deno.find() === undefined ? ["deno"] : []
const isolation = "sandbox"

export const sandbox = made("sandbox", { isolation, confinement: "namespaces", runtime: "node" }, namespaces)
export const denoInside = made("sandbox, on Deno", { isolation, confinement: "namespaces", runtime: "deno" }, [
  ...namespaces,
  ...deno
])
export const denoAlone = made("sandbox, by Deno alone", { isolation, confinement: "permissions", runtime: "deno" }, deno)

/** Whatever a sandbox is made of, it is one level. */
export const plain = [level("in-process"), level("worker"), level("process"), sandbox]
export const all = [...plain, denoInside, denoAlone]
export const here = all.filter(({ lacks }) => lacks.length === 0)
