/** Sets of small numbers as bytes: bit `n % 8` of byte `n / 8` stands for `n`. */

export const make = (numbers: Iterable<number>, length: number): Uint8Array<ArrayBuffer> => {
  const bits = new Uint8Array(Math.ceil(length / 8))
  for (const number of numbers) add(bits, number)
  return bits
}

export const add = (bits: Uint8Array, number: number) => {
  bits[number >> 3] = (bits[number >> 3] ?? 0) | (1 << (number & 7))
}

export const has = (bits: Uint8Array, number: number) => ((bits[number >> 3] ?? 0) & (1 << (number & 7))) !== 0

/** In ascending order. */
export const numbers = function* (bits: Uint8Array): Generator<number> {
  for (const [index, byte] of bits.entries()) {
    if (byte === 0) continue
    for (let bit = 0; bit < 8; bit++) if ((byte & (1 << bit)) !== 0) yield index * 8 + bit
  }
}
