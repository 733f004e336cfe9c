/** What a process without a terminal says: frames of a stream's number (1 stdout, 2 stderr), three zeros, a length and bytes. */

export interface Frame {
  readonly stream: "Stdout" | "Stderr"
  readonly bytes: Buffer
}

const head = 8

/** Takes pieces as they come and gives the frames that are in them; of a long frame the part that is there. */
export const frames = () => {
  let rest = Buffer.alloc(0)
  let stream: Frame["stream"] = "Stdout"
  let missing = 0
  return (piece: Buffer): ReadonlyArray<Frame> => {
    const found: Array<Frame> = []
    rest = Buffer.concat([rest, piece])
    for (;;) {
      if (missing === 0) {
        if (rest.length < head) return found
        stream = rest[0] === 2 ? "Stderr" : "Stdout"
        missing = rest.readUInt32BE(4)
        rest = rest.subarray(head)
      }
      if (rest.length === 0) return found
      const bytes = rest.subarray(0, missing)
      if (bytes.length > 0) found.push({ stream, bytes })
      missing -= bytes.length
      rest = rest.subarray(bytes.length)
    }
  }
}

/** A terminal has one stream, and no frames. */
export const raw = (bytes: Buffer): ReadonlyArray<Frame> => [{ stream: "Stdout", bytes }]
