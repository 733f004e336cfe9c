/** `quantity('1.5Gi')`: Kubernetes' amounts, compared and added. */
import * as Amount from "../../../kernel/resource/Quantity.ts"
import { Result } from "effect"
import * as Type from "../Types.ts"
import { fail, isInt64, Opaque, type Value } from "../Values.ts"
import { declare, define, type Overload } from "./Function.ts"

const type = declare("quantity", Type.struct("kubernetes.Quantity"))
const unit = 1_000_000_000n

export class Quantity extends Opaque {
  readonly type = type
  readonly amount: Amount.Quantity
  constructor(amount: Amount.Quantity) {
    super()
    this.amount = amount
  }
  equals(other: Opaque) {
    return other instanceof Quantity && Amount.equals(this.amount, other.amount)
  }
}

const parse = (text: string): Value =>
  Result.match(Amount.parse(text), { onFailure: (message) => fail(message), onSuccess: (amount) => new Quantity(amount) })

/** As a whole number, which it may not be. */
const whole = ({ amount: { nanos } }: Quantity): bigint | undefined =>
  nanos % unit === 0n && isInt64(nanos / unit) ? nanos / unit : undefined
const ofInt = (value: bigint): Amount.Quantity => ({ nanos: value * unit, format: "DecimalExponent" })
const order = (a: Quantity, b: Quantity) => Amount.compare(a.amount, b.amount)
const sign = ({ amount: { nanos } }: Quantity): Value => (nanos < 0n ? -1n : nanos > 0n ? 1n : 0n)

export const overloads: ReadonlyArray<Overload> = [
  define("quantity(string): quantity", parse),
  define("isQuantity(string): bool", (text: string) => Result.isSuccess(Amount.parse(text))),
  define("sign(quantity): int", sign),
  define(
    "quantity -> isGreaterThan(quantity): bool",
    (a: Quantity, b: Quantity) => order(a, b) > 0,
    "quantity_is_greater_than"
  ),
  define("quantity -> isLessThan(quantity): bool", (a: Quantity, b: Quantity) => order(a, b) < 0, "quantity_is_less_than"),
  define("quantity -> compareTo(quantity): int", (a: Quantity, b: Quantity) => BigInt(order(a, b)), "quantity_compare_to"),
  define("quantity -> asApproximateFloat(): double", ({ amount }: Quantity) => Number(amount.nanos) / 1e9),
  define("quantity -> asInteger(): int", (value: Quantity) => whole(value) ?? fail("cannot convert value to integer")),
  define("quantity -> isInteger(): bool", (value: Quantity) => whole(value) !== undefined),
  define("quantity -> add(quantity): quantity", (a: Quantity, b: Quantity) => new Quantity(Amount.add(a.amount, b.amount))),
  define("quantity -> add(int): quantity", (a: Quantity, b: bigint) => new Quantity(Amount.add(a.amount, ofInt(b)))),
  define(
    "quantity -> sub(quantity): quantity",
    (a: Quantity, b: Quantity) => new Quantity(Amount.subtract(a.amount, b.amount))
  ),
  define("quantity -> sub(int): quantity", (a: Quantity, b: bigint) => new Quantity(Amount.subtract(a.amount, ofInt(b))))
]
