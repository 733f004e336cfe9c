/** Writes tar archives (ustar) in memory: as much of the format as an image of a few files needs. Source: POSIX.1-1988, ustar. */

export type Entry =
  | { readonly path: string; readonly bytes: Uint8Array; readonly mode?: number }
  | { readonly path: string; readonly link: string }
  | { readonly path: string; readonly directory: true; readonly mode?: number }

const block = 512
const octal = (value: number, width: number) => value.toString(8).padStart(width - 1, "0")

/** Field widths of the header, in order. What is not given stays zero. */
const header = (entry: Entry, size: number) => {
  const buffer = Buffer.alloc(block)
  const type = "link" in entry ? "2" : "directory" in entry ? "5" : "0"
  const mode = "link" in entry ? 0o777 : (entry.mode ?? ("directory" in entry ? 0o755 : 0o644))
  buffer.write(entry.path, 0, 100)
  buffer.write(octal(mode, 8), 100)
  buffer.write(octal(0, 8), 108)
  buffer.write(octal(0, 8), 116)
  buffer.write(octal(size, 12), 124)
  buffer.write(octal(0, 12), 136)
  buffer.write(" ".repeat(8), 148)
  buffer.write(type, 156)
  if ("link" in entry) buffer.write(entry.link, 157, 100)
  buffer.write("ustar\u000000", 257)
  const sum = buffer.reduce((total, byte) => total + byte, 0)
  buffer.write(`${octal(sum, 7)}\u0000 `, 148)
  return buffer
}

const padding = (size: number) => Buffer.alloc((block - (size % block)) % block)

export const tar = (entries: ReadonlyArray<Entry>): Uint8Array =>
  Buffer.concat([
    ...entries.flatMap((entry) => {
      const bytes = "bytes" in entry ? entry.bytes : Buffer.alloc(0)
      return [header(entry, bytes.length), bytes, padding(bytes.length)]
    }),
    Buffer.alloc(2 * block)
  ])
