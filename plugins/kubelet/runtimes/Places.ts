/** Where Pods and containers are: which of several runtimes has them, as far as has been heard. Lost, it is learned again. */

interface Place {
  readonly key: string
  readonly uid: string
  readonly containers: Set<string>
}

export interface Pod {
  readonly id: string
  readonly uid: string
  readonly containers: ReadonlyArray<{ readonly id: string }>
}

export const make = () => {
  const places = new Map<string, Place>()
  /** Ids of Pods by uid and by container. */
  const byUid = new Map<string, Set<string>>()
  const byContainer = new Map<string, string>()
  /** Runtimes whose whole list has been seen. */
  const learned = new Set<string>()
  /** How many starts are under way, by runtime and uid. */
  const starting = new Map<string, number>()

  const forget = (pod: string) => {
    const place = places.get(pod)
    if (place === undefined) return
    places.delete(pod)
    for (const id of place.containers) byContainer.delete(id)
    const others = byUid.get(place.uid)
    others?.delete(pod)
    if (others?.size === 0) byUid.delete(place.uid)
  }

  const put = (key: string, { containers, id, uid }: Pod) => {
    forget(id)
    places.set(id, { key, uid, containers: new Set(containers.map((one) => one.id)) })
    byUid.set(uid, (byUid.get(uid) ?? new Set()).add(id))
    for (const container of containers) byContainer.set(container.id, id)
  }

  /** What a list tells that is asked for now: call the result with its answer. What came to be in between stays known. */
  const listing = (key: string, uid?: string) => {
    const ids = uid === undefined ? [...places.keys()] : [...(byUid.get(uid) ?? [])]
    const before = ids.filter((id) => places.get(id)?.key === key)
    return (pods: ReadonlyArray<Pod>) => {
      const there = new Set(pods.map(({ id }) => id))
      for (const id of before) if (!there.has(id)) forget(id)
      for (const pod of pods) put(key, pod)
      if (uid === undefined) learned.add(key)
    }
  }

  return {
    listing,
    put,
    forget,
    /** A container that was started in a Pod. */
    contain: (pod: string, id: string) => {
      if (!places.has(pod)) return
      places.get(pod)?.containers.add(id)
      byContainer.set(id, pod)
    },
    ofPod: (pod: string) => places.get(pod)?.key,
    ofContainer: (id: string) => places.get(byContainer.get(id) ?? "")?.key,
    hint: (key: string, { pod, uid }: { readonly pod: string; readonly uid: string }) => {
      if (!places.has(pod)) put(key, { id: pod, uid, containers: [] })
    },
    /** Whether a runtime has to be asked for the Pods of this uid. */
    mayHave: (key: string, uid: string) =>
      !learned.has(key) ||
      starting.has(`${key}/${uid}`) ||
      (byUid.get(uid)?.values() ?? [].values()).some((id) => places.get(id)?.key === key),
    /** From now until the result is called, something may come to be. */
    begin: (key: string, uid: string) => {
      const name = `${key}/${uid}`
      starting.set(name, (starting.get(name) ?? 0) + 1)
      return () => {
        const left = (starting.get(name) ?? 0) - 1
        if (left > 0) starting.set(name, left)
        else starting.delete(name)
      }
    }
  }
}
