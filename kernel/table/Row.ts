/**
 * One version of an object as it lies in memory: its bytes, and what has been made of them. A row is made once, by the feed,
 * and shared by every reader; nobody changes its object.
 */
import type { WireObject } from "../client/Api.ts"
import { equal } from "../resource/JsonEqual.ts"
import type { Resource } from "../resource/Kind.ts"

const utf8 = new TextDecoder()
const text = new TextEncoder()

/** What was read last stays an object, so that small clusters parse an object once. */
const lately: Array<WireObject> = []
const most = 2048
let next = 0
const keep = (object: WireObject) => {
  lately[next] = object
  next = (next + 1) % most
  return new WeakRef(object)
}

/** How objects are read that were stored under other rules than those of today. */
export interface Reader {
  /** Objects whose `form` is this one are as they have to be. */
  readonly form: string
  /** With `apiVersion`, `kind` and `resourceVersion`; the same object if there is nothing to do. */
  readonly read: (object: WireObject) => WireObject
}
/** What all rows of a storage share: its reader, which can become another at any time. */
export interface Rules {
  reader: Reader | undefined
}

export class Row {
  readonly namespace: string
  readonly name: string
  /** The seq of the log's entry; the object's `resourceVersion`. */
  readonly revision: number
  /** Bytes of the log's entry; 0 for a row that is in no log. */
  readonly size: number
  /** Why it cannot be read; whoever tries is told by a throw. Lists and watches look here first. */
  readonly lost: Error | undefined
  /** Its text, or how to make it: never both, which would be every object twice. */
  private text: Uint8Array | ((row: Row) => Uint8Array)
  /** The rules by which it was stored; known when it has been read, and told by how it is read. */
  form: string | undefined
  private readonly rules: Rules | undefined
  private readonly isConverted: boolean
  /** By what `view` was made: the text under today's rules, if these make another one of it. */
  private reader: Reader | undefined
  private view: Uint8Array | undefined
  /** For as long as somebody has it, or V8 lets it lie: as objects a row takes several times the memory of its text. */
  private parsed: WeakRef<WireObject> | undefined
  private encodings: Map<string, Uint8Array> | undefined
  private versions: Map<string, WireObject> | undefined

  constructor(about: {
    readonly namespace: string
    readonly name: string
    readonly revision: number
    readonly size?: number
    readonly lost?: Error
    readonly rules?: Rules
    /** It is not as it lies in the log: somebody has converted it. */
    readonly isConverted?: boolean
    readonly bytes: (row: Row) => Uint8Array
    /** What its text says, where somebody has it. */
    readonly object?: WireObject
  }) {
    this.namespace = about.namespace
    this.name = about.name
    this.revision = about.revision
    this.size = about.size ?? 0
    this.lost = about.lost
    this.rules = about.rules
    this.isConverted = about.isConverted === true
    this.text = about.bytes
    if (about.object !== undefined) this.parsed = keep(about.object)
  }

  /** Its JSON text in the storage version, in UTF-8, with `apiVersion`, `kind` and `resourceVersion`. */
  get json(): Uint8Array {
    if (this.lost !== undefined) throw this.lost
    if (typeof this.text === "function") this.text = this.text(this)
    if (this.rules !== undefined && this.rules.reader !== this.reader) this.reread(this.text, this.rules.reader)
    return this.view ?? this.text
  }

  private reread(stored: Uint8Array, reader: Reader | undefined) {
    this.shrink()
    this.versions = undefined
    this.view = undefined
    this.reader = reader
    if (reader === undefined || reader.form === this.form) return
    const before: WireObject = JSON.parse(utf8.decode(stored))
    const after = reader.read(before)
    if (after !== before) this.view = text.encode(JSON.stringify(after))
  }

  /** It lies in the log otherwise than it would if it were written today, in the storage version `apiVersion`. */
  isOutdated(apiVersion: string): boolean {
    if (this.isConverted) return true
    if (this.rules === undefined || typeof this.text === "function" || this.view === undefined) return false
    const stored: WireObject = JSON.parse(utf8.decode(this.text))
    return stored["apiVersion"] !== apiVersion || !equal(stored, this.wire)
  }

  /** The same as an object, parsed when it is asked for and nobody has it. */
  get wire(): WireObject {
    const isRead = this.rules === undefined || this.rules.reader === this.reader
    const found = isRead ? this.parsed?.deref() : undefined
    if (found !== undefined) return found
    const { json } = this
    const again = this.parsed?.deref()
    if (again !== undefined) return again
    const made: WireObject = JSON.parse(utf8.decode(json))
    this.parsed = keep(made)
    return made
  }

  /** The same for programs. What is in a kind's storage was decoded by that kind's schema on its way in, hence the cast. */
  get object(): Resource {
    return this.wire as unknown as Resource
  }

  /** Bytes for a served version and media type, made once and shared by all readers. */
  encoded(key: string, make: (row: Row) => Uint8Array): Uint8Array {
    if (this.rules !== undefined && this.rules.reader !== this.reader) void this.json
    this.encodings ??= new Map()
    const found = this.encodings.get(key)
    if (found !== undefined) return found
    const made = make(this)
    this.encodings.set(key, made)
    return made
  }

  /** The object in another version, if somebody has converted it. */
  inVersion(apiVersion: string): WireObject | undefined {
    if (this.rules !== undefined && this.rules.reader !== this.reader) void this.json
    return this.versions?.get(apiVersion)
  }
  /** For programs: in that version, if somebody has converted it, and else as it lies in the log. Decoded likewise, hence the cast. */
  objectIn(apiVersion: string): Resource {
    return (this.inVersion(apiVersion) ?? this.wire) as unknown as Resource
  }
  keepVersion(apiVersion: string, object: WireObject) {
    this.versions ??= new Map()
    this.versions.set(apiVersion, object)
  }

  /** Gives up what can be made again: few read a version that another has replaced. */
  shrink() {
    this.parsed = undefined
    this.encodings = undefined
  }
}
