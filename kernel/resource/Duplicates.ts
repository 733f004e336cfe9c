/**
 * Fields that the text of a JSON object gives more than once: its parser keeps the last of them and says nothing.
 */

interface Frame {
  /** Of an object: the keys so far. */
  readonly keys: Set<string> | undefined
  /** Where in the text's value it is now. */
  key: string
  index: number
}

const [quote, backslash, comma, colon] = [0x22, 0x5c, 0x2c, 0x3a]
const [openBrace, closeBrace, openBracket, closeBracket] = [0x7b, 0x7d, 0x5b, 0x5d]

/** The quote that ends the string which begins at `start`. */
const closing = (text: string, start: number) => {
  let end = start
  for (;;) {
    end = text.indexOf('"', end + 1)
    if (end === -1) return text.length
    let slashes = 0
    while (text.charCodeAt(end - 1 - slashes) === backslash) slashes++
    if (slashes % 2 === 0) return end
  }
}

/** Their paths, in Kubernetes' words: `duplicate field "spec.foo"`. */
export const find = (text: string): ReadonlyArray<string> => {
  const stack: Array<Frame> = []
  const found = new Set<string>()
  let top: Frame | undefined
  let expectsKey = false
  const open = (isObject: boolean) => {
    top = { keys: isObject ? new Set() : undefined, key: "", index: 0 }
    stack.push(top)
    expectsKey = isObject
  }
  const string = (from: number) => {
    const end = closing(text, from)
    if (expectsKey && top?.keys !== undefined) {
      // As it is written: nobody escapes the name of a field.
      top.key = text.slice(from + 1, end)
      if (top.keys.has(top.key)) found.add(pathOf(stack))
      top.keys.add(top.key)
    }
    return end
  }
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at)
    if (code === quote) at = string(at)
    else if (code === openBrace || code === openBracket) open(code === openBrace)
    else if (code === closeBrace || code === closeBracket) {
      stack.pop()
      top = stack.at(-1)
    } else if (code === colon) expectsKey = false
    else if (code === comma && top !== undefined) {
      top.index++
      expectsKey = top.keys !== undefined
    }
  }
  return Array.from(found, (path) => `duplicate field ${JSON.stringify(path)}`)
}

const pathOf = (stack: ReadonlyArray<Frame>) =>
  stack.reduce((path, { index, key, keys }) => {
    if (keys === undefined) return `${path}[${index}]`
    return path === "" ? key : `${path}.${key}`
  }, "")
