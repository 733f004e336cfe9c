/** A cloud says no, by its own name for why. */
export class Failed {
  readonly _tag = "Failed"
  readonly code: string
  readonly message: string
  constructor(code: string, message: string) {
    this.code = code
    this.message = message
  }
}
