/** A request as admission plugins are given it, for tests of plugins by themselves. */
import type { Attributes } from "../../kernel/pipeline/Attributes.ts"
import { type Admitted, type Operation, Round } from "../../kernel/pipeline/Policy.ts"
import type { Any } from "../../kernel/resource/Kind.ts"

const operations: { readonly [verb: string]: Operation } = { create: "CREATE", delete: "DELETE", connect: "CONNECT" }

export const admitted = (attributes: Attributes, kind: Any, more: Partial<Admitted> = {}): Admitted => ({
  attributes,
  kind,
  version: kind.versions[0],
  operation: operations[attributes.verb] ?? "UPDATE",
  dryRun: false,
  round: new Round(),
  warn: () => {},
  ...more
})
