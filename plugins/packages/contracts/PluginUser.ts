/** As whom a package asks the API. */
import type { User } from "../../../kernel/pipeline/Attributes.ts"

export const userOf = (plugin: string): User => ({
  name: `system:plugin:${plugin}`,
  groups: ["system:plugins", "system:authenticated"]
})
