/** The user that a node agent is. Source: "Using Node Authorization" of the documentation. */
import type { User } from "../../../kernel/pipeline/Attributes.ts"

const prefix = "system:node:"

/** The node whose agent this is, if it is one. */
export const nodeOf = ({ groups, name }: User): string | undefined =>
  name.startsWith(prefix) && groups.includes("system:nodes") ? name.slice(prefix.length) : undefined
