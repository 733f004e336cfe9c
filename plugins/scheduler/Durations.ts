/** Times as configurations name them: `5s`, `1m30s`. */
import { Schema } from "effect"

export const Duration = Schema.String.check(Schema.isPattern(/^(\d+(\.\d+)?(ns|us|µs|ms|s|m|h))+$|^0$/))

const units: { readonly [unit: string]: number } = { ns: 1e-6, us: 1e-3, µs: 1e-3, ms: 1, s: 1000, m: 60_000, h: 3_600_000 }

export const millis = (text: string) => {
  let sum = 0
  for (const [, amount, unit = ""] of text.matchAll(/(\d+(?:\.\d+)?)(ns|us|µs|ms|s|m|h)/g))
    sum += Number(amount) * (units[unit] ?? 0)
  return sum
}
