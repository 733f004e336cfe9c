/**
 * One version of an object as it lies in memory: its bytes, and what has been made of them. A row is made once, by the feed,
 * and shared by every reader; its object is frozen in spirit: nobody changes it.
 */
import type { WireObject } from "../client/Api.ts"
import type { Resource } from "../resource/Kind.ts"

export class Row {
  readonly namespace: string
  readonly name: string
  /** The seq of the log's entry; the object's `resourceVersion`. */
  readonly revision: number
  private readonly text: () => Uint8Array
  private readonly parse: () => Resource
  private parsed: Resource | undefined
  private bytes: Uint8Array | undefined
  private encodings: Map<string, Uint8Array> | undefined

  constructor(about: {
    readonly namespace: string
    readonly name: string
    readonly revision: number
    readonly bytes: () => Uint8Array
    readonly parse: () => Resource
  }) {
    this.namespace = about.namespace
    this.name = about.name
    this.revision = about.revision
    this.text = about.bytes
    this.parse = about.parse
  }

  /** The object in the storage version, with `apiVersion`, `kind` and `resourceVersion`. Parsed at the first call. */
  get object(): Resource {
    return (this.parsed ??= this.parse())
  }

  /** The same, as the wire's JSON. */
  get wire(): WireObject {
    return this.object as unknown as WireObject
  }

  /** Its JSON text, in UTF-8. */
  get json(): Uint8Array {
    return (this.bytes ??= this.text())
  }

  /** Bytes for a served version and media type, made once and shared by all readers. */
  encoded(key: string, make: (row: Row) => Uint8Array): Uint8Array {
    const encodings = (this.encodings ??= new Map())
    const found = encodings.get(key)
    if (found !== undefined) return found
    const made = make(this)
    encodings.set(key, made)
    return made
  }
}
