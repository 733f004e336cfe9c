/** From words to an expression, by recursive descent. Mistakes are worded as upstream's parser words the common ones. */
import { Result } from "effect"
import type { Entry, Expression, FieldInit } from "./Expression.ts"
import type { Issue } from "./Issues.ts"
import { lex, type Token, unquote } from "./Lexer.ts"
import { expand, type Maker } from "./Macros.ts"
import { isInt64, isUint64, Uint } from "./Values.ts"

const maxDepth = 250
const maxLength = 100_000
const beginnings =
  "{'[', '{', '(', '.', '-', '!', 'true', 'false', 'null', NUM_FLOAT, NUM_INT, NUM_UINT, STRING, BYTES, IDENTIFIER}"
const reserved = new Set(
  "as break const continue else for function if import let loop package namespace return var void while".split(" ")
)
const relations = new Set(["<", "<=", ">=", ">", "==", "!=", "in"])

const begins = (token: Token | undefined) =>
  token !== undefined &&
  token.kind !== "end" &&
  (token.kind !== "operator" || "[{(.-!".includes(token.text)) &&
  token.text !== "in"

/** Ends the parse; caught by `parse`. */
class Stop {
  readonly issue: Issue
  constructor(at: number, message: string) {
    this.issue = { at, message }
  }
}

export const parse = (source: string): Result.Result<Expression, ReadonlyArray<Issue>> => {
  const length = [...source].length
  if (length > maxLength)
    return Result.fail([
      { at: -1, message: `expression code point size exceeds limit: size: ${length}, limit ${maxLength}` }
    ])
  const { issues, tokens } = lex(source)
  const parser = new Parser(tokens)
  try {
    const expression = parser.all()
    const all = [...issues, ...parser.issues]
    return all.length > 0 ? Result.fail(all) : Result.succeed(expression)
  } catch (stop) {
    if (stop instanceof Stop) return Result.fail([...issues, ...parser.issues, stop.issue])
    throw stop
  }
}

class Parser {
  readonly issues: Array<Issue> = []
  private readonly tokens: ReadonlyArray<Token>
  private position = 0
  private depth = 0
  private ids = 0

  constructor(tokens: ReadonlyArray<Token>) {
    this.tokens = tokens
  }

  private readonly id = () => ++this.ids
  private readonly report = (at: number, message: string): Expression => {
    this.issues.push({ at, message })
    return { _tag: "Literal", id: this.id(), at, value: null }
  }
  private readonly make: Maker = { id: this.id, report: this.report }

  private get token(): Token {
    return this.tokens[Math.min(this.position, this.tokens.length - 1)] ?? { kind: "end", text: "<EOF>", at: 0 }
  }
  private take(): Token {
    const { token } = this
    this.position++
    return token
  }
  private is(text: string) {
    return (this.token.kind === "operator" || this.token.kind === "keyword") && this.token.text === text
  }
  private takeIf(text: string): Token | undefined {
    return this.is(text) ? this.take() : undefined
  }
  private expect(text: string): Token {
    if (this.is(text)) return this.take()
    const { at, kind, text: found } = this.token
    if (kind === "end") throw new Stop(at, `Syntax error: missing '${text}' at '<EOF>'`)
    throw new Stop(at, `Syntax error: mismatched input '${found}' expecting '${text}'`)
  }
  private expectIdentifier(): Token {
    if (this.token.kind === "identifier") return this.take()
    throw new Stop(this.token.at, `Syntax error: mismatched input '${this.token.text}' expecting IDENTIFIER`)
  }

  all(): Expression {
    const expression = this.expression()
    if (this.token.kind !== "end") {
      const how = this.position + 1 === this.tokens.length - 1 ? "extraneous" : "mismatched"
      throw new Stop(this.token.at, `Syntax error: ${how} input '${this.token.text}' expecting <EOF>`)
    }
    return expression
  }

  private expression(): Expression {
    if (++this.depth > maxDepth) throw new Stop(-1, `expression recursion limit exceeded: ${maxDepth}`)
    const condition = this.logical("||", "_||_", () => this.logical("&&", "_&&_", () => this.relation()))
    const question = this.takeIf("?")
    if (question === undefined) {
      this.depth--
      return condition
    }
    const first = this.logical("||", "_||_", () => this.logical("&&", "_&&_", () => this.relation()))
    this.expect(":")
    const second = this.expression()
    this.depth--
    return this.call("_?_:_", question.at, [condition, first, second])
  }

  private call(name: string, at: number, args: ReadonlyArray<Expression>): Expression {
    return { _tag: "Call", id: this.id(), at, name, args }
  }

  /** A balanced tree, so that long chains are not deep. */
  private logical(sign: string, name: string, operand: () => Expression): Expression {
    const terms = [operand()]
    const places: Array<number> = []
    for (let token = this.takeIf(sign); token !== undefined; token = this.takeIf(sign)) {
      places.push(token.at)
      terms.push(operand())
    }
    const balance = (low: number, high: number): Expression => {
      const middle = Math.floor((low + high + 1) / 2)
      const left = middle === low ? terms[middle] : balance(low, middle - 1)
      const right = middle === high ? terms[middle + 1] : balance(middle + 1, high)
      return this.call(
        name,
        places[middle] ?? 0,
        [left, right].filter((term) => term !== undefined)
      )
    }
    const [only] = terms
    return places.length === 0 && only !== undefined ? only : balance(0, places.length - 1)
  }

  private relation(): Expression {
    let left = this.sum()
    while ((this.token.kind === "operator" || this.token.kind === "keyword") && relations.has(this.token.text)) {
      const { at, text } = this.take()
      left = this.call(text === "in" ? "@in" : `_${text}_`, at, [left, this.sum()])
    }
    return left
  }
  private sum(): Expression {
    let left = this.product()
    while (this.is("+") || this.is("-")) {
      const { at, text } = this.take()
      left = this.call(`_${text}_`, at, [left, this.product()])
    }
    return left
  }
  private product(): Expression {
    let left = this.unary()
    while (this.is("*") || this.is("/") || this.is("%")) {
      const { at, text } = this.take()
      left = this.call(`_${text}_`, at, [left, this.unary()])
    }
    return left
  }

  private unary(): Expression {
    const sign = this.is("!") ? "!" : this.is("-") ? "-" : undefined
    if (sign === undefined) return this.member()
    const at = this.token.at
    // A minus before a number is part of the number.
    const after = this.tokens[this.position + 1]
    if (sign === "-" && (after?.kind === "int" || after?.kind === "double")) return this.member()
    let count = 0
    while (this.takeIf(sign) !== undefined) count++
    const operand = this.member()
    return count % 2 === 0 ? operand : this.call(sign === "!" ? "!_" : "-_", at, [operand])
  }

  private member(): Expression {
    let expression = this.primary()
    for (let links = 0; ; links++) {
      if (links + this.depth > maxDepth) throw new Stop(-1, `expression recursion limit exceeded: ${maxDepth}`)
      const dot = this.takeIf(".")
      if (dot !== undefined) {
        expression = this.dotted(expression, dot.at)
        continue
      }
      const bracket = this.takeIf("[")
      if (bracket === undefined) return expression
      const isOptional = this.takeIf("?") !== undefined
      const index = this.expression()
      this.expect("]")
      expression = this.call(isOptional ? "_[?_]" : "_[_]", bracket.at, [expression, index])
    }
  }

  private dotted(operand: Expression, at: number): Expression {
    const isOptional = this.takeIf("?") !== undefined
    const { at: where, kind, text } = this.token
    if (kind === "escaped") {
      this.take()
      return this.selected(operand, text.slice(1, -1), at, where, isOptional)
    }
    if (kind !== "identifier")
      throw new Stop(where, `Syntax error: no viable alternative at input '.${text === "<EOF>" ? "" : text}'`)
    this.take()
    const open = isOptional ? undefined : this.takeIf("(")
    if (open === undefined) return this.selected(operand, text, at, where, isOptional)
    const args = this.list(")")
    const id = this.id()
    const expanded = expand(this.make, text, operand, args, open.at)
    return expanded ?? { _tag: "Call", id, at: open.at, name: text, target: operand, args }
  }

  private selected(operand: Expression, field: string, at: number, where: number, isOptional: boolean): Expression {
    if (!isOptional) return { _tag: "Select", id: this.id(), at, operand, field, testOnly: false }
    return this.call("_?._", at, [operand, { _tag: "Literal", id: this.id(), at: where, value: field }])
  }

  private list(end: string): ReadonlyArray<Expression> {
    const items: Array<Expression> = []
    if (this.takeIf(end) !== undefined) return items
    do items.push(this.expression())
    while (this.takeIf(",") !== undefined)
    this.expect(end)
    return items
  }

  private primary(): Expression {
    const { at, kind, text } = this.token
    if (kind === "identifier" || (this.is(".") && this.tokens[this.position + 1]?.kind === "identifier")) return this.named()
    if (this.takeIf("(") !== undefined) {
      const inner = this.expression()
      this.expect(")")
      return inner
    }
    if (this.takeIf("[") !== undefined) return this.listOf(at)
    if (this.takeIf("{") !== undefined) return this.mapOf(at)
    const value = this.literal()
    if (value !== undefined) return value
    // One word too many is told, and left out.
    if (kind === "operator" && begins(this.tokens[this.position + 1])) {
      this.issues.push({ at, message: `Syntax error: extraneous input '${text}' expecting ${beginnings}` })
      this.take()
      return this.primary()
    }
    throw new Stop(at, `Syntax error: mismatched input '${text}' expecting ${beginnings}`)
  }

  private named(): Expression {
    const isRoot = this.takeIf(".") !== undefined
    const { at, text } = this.expectIdentifier()
    const struct = this.structName(text)
    if (struct !== undefined) return struct
    if (reserved.has(text)) return this.reportReserved(at, text)
    const name = isRoot ? `.${text}` : text
    const open = this.takeIf("(")
    if (open === undefined) return { _tag: "Ident", id: this.id(), at, name }
    const args = this.list(")")
    const id = this.id()
    const expanded = expand(this.make, text, undefined, args, open.at)
    return expanded ?? { _tag: "Call", id, at: open.at, name, args }
  }
  private reportReserved(at: number, text: string): Expression {
    const problem = this.report(at, `reserved identifier: ${text}`)
    if (this.takeIf("(") !== undefined) this.list(")")
    return problem
  }

  /** `a.b.C{…}`, and nothing if no brace follows the names. */
  private structName(first: string): Expression | undefined {
    let ahead = this.position
    let name = first
    while (this.tokens[ahead]?.text === "." && this.tokens[ahead + 1]?.kind === "identifier") {
      name += `.${this.tokens[ahead + 1]?.text}`
      ahead += 2
    }
    const brace = this.tokens[ahead]
    if (brace?.kind !== "operator" || brace.text !== "{") return undefined
    this.position = ahead + 1
    const fields: Array<FieldInit> = []
    while (!this.is("}")) {
      const optional = this.takeIf("?") !== undefined
      const field = this.token.kind === "escaped" ? this.take() : this.expectIdentifier()
      const colon = this.expect(":")
      const value = this.expression()
      fields.push({ name: field.text.replaceAll("`", ""), at: colon.at, value, optional })
      if (this.takeIf(",") === undefined) break
    }
    this.expect("}")
    return { _tag: "Struct", id: this.id(), at: brace.at, name, fields }
  }

  private listOf(at: number): Expression {
    const items: Array<Expression> = []
    const optional = new Set<number>()
    while (!this.is("]")) {
      if (this.takeIf("?") !== undefined) optional.add(items.length)
      items.push(this.expression())
      if (this.takeIf(",") === undefined) break
    }
    this.expect("]")
    return { _tag: "List", id: this.id(), at, items, optional }
  }

  private mapOf(at: number): Expression {
    const entries: Array<Entry> = []
    while (!this.is("}")) {
      const optional = this.takeIf("?") !== undefined
      const key = this.expression()
      this.expect(":")
      entries.push({ key, value: this.expression(), optional })
      if (this.takeIf(",") === undefined) break
    }
    this.expect("}")
    return { _tag: "Map", id: this.id(), at, entries }
  }

  private literal(): Expression | undefined {
    const at = this.token.at
    const sign = this.takeIf("-") === undefined ? "" : "-"
    const { kind, text } = this.token
    const found = this.literalValue(kind, text, sign)
    if (found === undefined) return undefined
    this.take()
    if ("mistake" in found) return this.report(at, found.mistake)
    return { _tag: "Literal", id: this.id(), at, value: found.value }
  }

  private literalValue(kind: Token["kind"], text: string, sign: string) {
    switch (kind) {
      case "int": {
        const value = sign === "-" ? -BigInt(text) : BigInt(text)
        return isInt64(value) ? { value } : { mistake: "invalid int literal" }
      }
      case "uint": {
        const value = BigInt(text.slice(0, -1))
        return isUint64(value) ? { value: new Uint(value) } : { mistake: "invalid uint literal" }
      }
      case "double": {
        const value = Number(sign + text)
        return Number.isFinite(value) ? { value } : { mistake: "invalid double literal" }
      }
      case "string":
      case "bytes": {
        const inner = unquote(text)
        if (inner === undefined) return { mistake: "unable to unescape string" }
        return { value: kind === "string" ? inner.text : inner.bytes }
      }
      case "keyword":
        if (text === "in") return undefined
        return { value: text === "null" ? null : text === "true" }
      default:
        return undefined
    }
  }
}
