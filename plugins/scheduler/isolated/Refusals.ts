/** Refusals as they cross: plain data, and nothing that the plugin may go on changing. */
import type { Refusal } from "../contracts/Framework.ts"

export const wireRefusal = ({ isError, isUnresolvable, reasons }: Refusal) => ({
  reasons: [...reasons],
  isUnresolvable,
  ...(isError === true && { isError })
})
