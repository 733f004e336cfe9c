/** How many watches a write is told to: counted as they come and go. */
import type { ObjectPath } from "../Path.ts"

const keyOf = ({ name, namespace }: { readonly namespace: string; readonly name: string }) => `${namespace}/${name}`

export class Watching {
  private readonly resources = new Map<string, Map<string, number>>()

  /** Until what it returns is called, once. `name`: of the only object that is watched. */
  readonly add = (path: ObjectPath, name: string): (() => void) => {
    const resource = `${path.group}/${path.resource}`
    const key = keyOf({ namespace: path.namespace, name })
    this.count(resource, key, 1)
    return () => this.count(resource, key, -1)
  }

  readonly of = ({ group, name, namespace, resource }: ObjectPath): number => {
    const counts = this.resources.get(`${group}/${resource}`)
    if (counts === undefined) return 0
    const at = (namespace: string, name: string) => counts.get(keyOf({ namespace, name })) ?? 0
    const everywhere = at("", "") + (name === "" ? 0 : at("", name))
    return namespace === "" ? everywhere : everywhere + at(namespace, "") + (name === "" ? 0 : at(namespace, name))
  }

  private count(resource: string, key: string, change: number) {
    const counts = this.resources.get(resource) ?? new Map<string, number>()
    const now = (counts.get(key) ?? 0) + change
    if (now === 0) counts.delete(key)
    else counts.set(key, now)
    if (counts.size === 0) this.resources.delete(resource)
    else this.resources.set(resource, counts)
  }
}
