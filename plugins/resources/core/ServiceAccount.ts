/** ServiceAccounts, and how they are shown. */
import type { Strategy } from "../../../kernel/resource/Strategy.ts"
import { integer } from "../Columns.ts"
import type { ServiceAccount } from "../contracts/core/v1.ts"

export const strategy: Strategy<ServiceAccount> = {
  columns: [integer("Secrets", "How many Secrets its Pods may mount.", ({ secrets }) => secrets?.length)]
}
