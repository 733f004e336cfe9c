/** The types of expressions. */
export interface Type {
  readonly kind: string
}
