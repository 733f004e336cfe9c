/** Answers of other servers, for as long as they hold, but not long. Source: RFC 2308 (that there is nothing), RFC 2181 (5.2). */
import { type Query, records } from "./Wire.ts"

interface One {
  readonly answer: Buffer
  readonly since: number
  readonly seconds: number
}

const remembered = 8192
/** However long an answer says that it holds. In seconds. */
const mostSeconds = 30

const opt = 41
const soa = 6
const serverFailure = 2

/** How long an answer holds; zero if it is none to keep. */
const lifetime = (answer: Buffer): number => {
  const rcode = answer.readUInt16BE(2) & 0xf
  if (rcode === serverFailure || (answer.readUInt16BE(2) & 0x0200) !== 0) return 0
  let least = mostSeconds
  let any = false
  for (const { end, ttl, type } of records(answer)) {
    if (type === opt) continue
    any = true
    // That there is nothing holds as long as the zone's SOA says at its end.
    least = Math.min(least, ttl, type === soa && end >= 4 ? answer.readUInt32BE(end - 4) : ttl)
  }
  return any ? least : 0
}

/** With the asker's id, and his spelling of the question. */
export const addressed = (answer: Buffer, { id, question }: Query): Buffer => {
  const copy = Buffer.from(answer)
  copy.writeUInt16BE(id, 0)
  question.copy(copy, 12)
  return copy
}

/** As it would come now: for this asker, older by the time that it was kept, and for no longer than it is kept here. */
const aged = ({ answer, since }: One, query: Query, now: number): Buffer => {
  const copy = addressed(answer, query)
  const seconds = Math.floor((now - since) / 1000)
  for (const { ttl, ttlAt, type } of records(copy)) {
    if (type !== opt) copy.writeUInt32BE(Math.max(0, Math.min(ttl, mostSeconds) - seconds), ttlAt)
  }
  return copy
}

export const make = () => {
  const all = new Map<string, One>()
  return {
    find: (key: string, query: Query, now: number): Buffer | undefined => {
      const found = all.get(key)
      return found !== undefined && now < found.since + found.seconds * 1000 ? aged(found, query, now) : undefined
    },
    add: (key: string, answer: Buffer, now: number) => {
      const seconds = lifetime(answer)
      if (seconds <= 0) return
      const [oldest] = all.keys()
      if (all.size >= remembered && oldest !== undefined) all.delete(oldest)
      all.delete(key)
      all.set(key, { answer, seconds, since: now })
    }
  }
}
