/** The checks of the laws of `Volumes`. */
import { Effect } from "effect"
import assert from "node:assert/strict"
import { existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { Volumes } from "../plugins/volumes/contracts/Volumes.ts"
import * as Suite from "./Suite.ts"
import { access, type Place, type Use, use } from "./volumes/Use.ts"

type Service = Volumes["Service"]

const check = (
  holds: (use: Use) => Generator<Effect.Effect<unknown, unknown>, void, never>,
  saboteur: (honest: Service) => Partial<Service>
) => ({
  holds: Suite.inTime(Effect.flatMap(use, (it) => Effect.ensuring(Effect.fnUntraced(holds)(it), it.end))),
  saboteur
})

/** Works once, as what does not expect to be asked again. */
const once = <P, A, E>(method: (payload: P) => Effect.Effect<A, E>) => {
  const asked = new Set<string>()
  return (payload: P) =>
    Effect.suspend(() => {
      const before = asked.size
      return asked.add(JSON.stringify(payload)).size > before ? method(payload) : Effect.die("no such thing")
    })
}

const write = (target: string, text: string) => writeFileSync(join(target, "file"), text)
const read = (target: string) => readFileSync(join(target, "file"), "utf8")
const domain = /^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$/
/** More than any disk has. */
const tooMuch = 2 ** 52

export const suite = Suite.make<Volumes, Service, (typeof Volumes)["laws"], Volumes | Place>(Volumes, {
  "describe/named": check(
    function* ({ volumes }) {
      const about = yield* volumes.describe()
      assert.match(about.driver, domain)
      assert.ok(about.driver.length <= 63 && about.node.id !== "", JSON.stringify(about))
      assert.deepEqual(yield* volumes.describe(), about)
    },
    ({ describe }) => ({ describe: () => Effect.map(describe(), (about) => ({ ...about, driver: "A Driver" })) })
  ),
  "provision/again": check(
    function* ({ provision }) {
      assert.deepEqual(yield* provision("one"), yield* provision("one"))
    },
    ({ provision }) => {
      let count = 0
      return { provision: (asked) => Effect.suspend(() => provision({ ...asked, name: `${asked.name}-${count++}` })) }
    }
  ),
  "provision/conflict": check(
    function* ({ asked, bytes, provision, volumes }) {
      const before = yield* provision("one")
      assert.equal((yield* Effect.flip(volumes.provision(asked("one", 2 * bytes))))._tag, "VolumeConflict")
      assert.deepEqual(yield* provision("one"), before)
    },
    ({ provision }) => {
      let first: Parameters<Service["provision"]>[0] | undefined
      return { provision: (asked) => Effect.suspend(() => provision((first ??= asked))) }
    }
  ),
  "provision/size": check(
    function* ({ bytes, provision }) {
      assert.ok((yield* provision("one")).bytes >= bytes)
    },
    ({ provision }) => ({ provision: (asked) => Effect.map(provision(asked), (volume) => ({ ...volume, bytes: 1 })) })
  ),
  "provision/full": check(
    function* ({ asked, provision, volumes }) {
      assert.equal((yield* Effect.flip(volumes.provision(asked("one", tooMuch))))._tag, "NoRoom")
      // Nothing of the name is there, so that it can be had with another size.
      yield* provision("one")
    },
    ({ provision }) => ({ provision: (asked) => provision({ ...asked, bytes: Math.min(asked.bytes, 1024 * 1024) }) })
  ),
  "delete/again": check(
    function* ({ prefix, provision, volumes }) {
      const { id } = yield* provision("one")
      yield* volumes.delete({ id })
      yield* volumes.delete({ id })
      yield* volumes.delete({ id: `${prefix}-never` })
    },
    ({ delete: remove }) => ({ delete: once(remove) })
  ),
  "delete/gone": check(
    function* ({ provision, publish, volumes }) {
      const volume = yield* provision("one")
      yield* volumes.delete({ id: volume.id })
      const failure = yield* Effect.flip(publish(volume, "pod"))
      assert.ok(["NoSuchVolume", "VolumeRefused"].includes(failure._tag), failure._tag)
    },
    () => ({ delete: () => Effect.void })
  ),
  "publish/again": check(
    function* ({ provision, publish }) {
      const volume = yield* provision("one")
      const target = yield* publish(volume, "pod")
      write(target, "1")
      assert.equal(yield* publish(volume, "pod"), target)
      assert.equal(read(target), "1")
    },
    ({ publish }) => ({ publish: once(publish) })
  ),
  "publish/kept": check(
    function* ({ provision, publish, volumes }) {
      const volume = yield* provision("one")
      const target = yield* publish(volume, "pod")
      write(target, "1")
      yield* volumes.unpublish({ id: volume.id, target })
      assert.equal(read(yield* publish(volume, "pod")), "1")
      yield* volumes.unpublish({ id: volume.id, target })
      assert.equal(read(yield* publish(volume, "another")), "1")
    },
    ({ unpublish }) => ({
      unpublish: (given) =>
        Effect.suspend(() => {
          for (const name of readdirSync(given.target)) rmSync(join(given.target, name), { recursive: true, force: true })
          return unpublish(given)
        })
    })
  ),
  "publish/apart": check(
    function* ({ provision, publish }) {
      const one = yield* publish(yield* provision("one"), "pod-1")
      const other = yield* publish(yield* provision("other"), "pod-2")
      write(one, "1")
      assert.ok(!existsSync(join(other, "file")))
      write(other, "2")
      assert.equal(read(one), "1")
    },
    ({ publish }) => {
      let first: string | undefined
      return { publish: (given) => Effect.suspend(() => publish({ ...given, id: (first ??= given.id) })) }
    }
  ),
  "publish/shared": check(
    function* ({ provision, publish }) {
      const volume = yield* provision("one")
      const one = yield* publish(volume, "pod-1")
      const other = yield* publish(volume, "pod-2")
      write(one, "1")
      assert.equal(read(other), "1")
    },
    ({ publish }) => {
      let first: string | undefined
      return {
        publish: (given) => Effect.suspend(() => ((first ??= given.target) === given.target ? publish(given) : Effect.void))
      }
    }
  ),
  "publish/readonly": check(
    function* ({ provision, publish }) {
      const volume = yield* provision("one")
      write(yield* publish(volume, "pod-1"), "1")
      const target = yield* publish(volume, "pod-2", true)
      assert.throws(() => write(target, "2"), /EROFS/)
      assert.equal(read(target), "1")
    },
    ({ publish }) => ({ publish: (given) => publish({ ...given, readOnly: false }) })
  ),
  "unpublish/again": check(
    function* ({ folder, provision, publish, volumes }) {
      const volume = yield* provision("one")
      const target = yield* publish(volume, "pod")
      write(target, "1")
      const unpublish = (target: string) => volumes.unpublish({ id: volume.id, target })
      yield* unpublish(target)
      assert.ok(!existsSync(target), "the folder is still there")
      yield* unpublish(target)
      yield* unpublish(join(folder, "never", "mount"))
      assert.equal(read(yield* publish(volume, "pod")), "1")
    },
    ({ unpublish }) => ({ unpublish: once(unpublish) })
  ),
  "expand/grows": check(
    function* ({ bytes, can, provision, publish, volumes }) {
      const volume = yield* provision("one")
      const target = yield* publish(volume, "pod")
      write(target, "1")
      if (can.expand) {
        const after = yield* volumes.expand({ id: volume.id, bytes: 2 * bytes, access })
        assert.ok(after.bytes >= 2 * bytes, `${after.bytes}`)
        if (after.onNode) yield* volumes.expandOnNode({ id: volume.id, bytes: after.bytes, target, access })
      }
      assert.equal(read(target), "1")
    },
    ({ expand }) => ({ expand: (given) => Effect.map(expand(given), (after) => ({ ...after, bytes: 1 })) })
  ),
  "expand/again": check(
    function* ({ bytes, can, provision, volumes }) {
      if (!can.expand) return
      const { id } = yield* provision("one")
      const { bytes: large } = yield* volumes.expand({ id, bytes: 2 * bytes, access })
      for (const less of [2 * bytes, bytes]) {
        assert.equal((yield* volumes.expand({ id, bytes: less, access })).bytes, large)
      }
    },
    ({ expand }) => ({
      expand: (given) => Effect.map(expand(given), (after) => ({ ...after, bytes: given.bytes }))
    })
  )
})
