/** Which login is for which image. */
import { assert, describe, it } from "@effect/vitest"
import * as DockerConfig from "../../plugins/kubelet/contracts/DockerConfig.ts"
import { matches, patternOf, registryOf, repositoryOf } from "../../plugins/kubelet/contracts/ImagePatterns.ts"
import * as Keyring from "../../plugins/kubelet/images/Keyring.ts"
import type { Secret } from "../../plugins/resources/contracts/core/v1.ts"

const auth = (user: string, password: string) => ({ auth: Buffer.from(`${user}:${password}`).toString("base64") })
const secret = (data: { readonly [key: string]: unknown }): Secret => ({
  type: "Opaque",
  metadata: { name: "s", namespace: "shop", uid: "u", resourceVersion: "1", creationTimestamp: "2026-01-01T00:00:00Z" },
  data: Object.fromEntries(
    Object.entries(data).map(([key, value]) => [key, Buffer.from(JSON.stringify(value)).toString("base64")])
  )
})

describe("images and their logins", () => {
  it("an image names its registry, or it is Docker's", () => {
    assert.deepStrictEqual(["busybox", "a/b:1", "r.example:5000/a", "localhost/a"].map(registryOf), [
      "docker.io",
      "docker.io",
      "r.example:5000",
      "localhost"
    ])
    assert.deepStrictEqual(["busybox", "docker.io/busybox", "a/b:1@sha256:0", "r.example:5000/a/b:1"].map(repositoryOf), [
      "docker.io/library/busybox",
      "docker.io/library/busybox",
      "docker.io/a/b",
      "r.example:5000/a/b"
    ])
  })
  it.each([
    ["*.dkr.ecr.*.amazonaws.com", "1.dkr.ecr.eu-west-1.amazonaws.com/a:1", true],
    ["*.dkr.ecr.*.amazonaws.com", "1.dkr.ecr.eu.west.amazonaws.com/a:1", false],
    ["*.amazonaws.com", "amazonaws.com/a", false],
    ["r.example", "r.example:5000/a", false],
    ["r.example:5000", "r.example:5000/a", true],
    ["r.example/team", "r.example/team/a", true],
    ["r.example/team", "r.example/other", false],
    ["docker.io", "busybox", true],
    ["docker.io/team", "team/a", true],
    ["reg*.example", "registry.example/a", true],
    ["r.example", "rxexample/a", false]
  ])("%s and %s: %s", (pattern, image, is) => assert.strictEqual(matches(pattern, image), is))
  it("Docker's own registry has several names", () =>
    assert.deepStrictEqual(
      ["https://index.docker.io/v1/", "docker.io", "https://r.example/v2/team", "http://r.example/"].map(patternOf),
      ["docker.io", "docker.io", "r.example/team", "r.example"]
    ))
  it("both forms of pull secrets, the more exact login first", () => {
    const all = [
      ...Keyring.ofSecret(secret({ ".dockerconfigjson": { auths: { "https://r.example": auth("me", "a:b") } } })),
      ...Keyring.ofSecret(secret({ ".dockercfg": { "r.example/team": { username: "team", password: "c" } } }))
    ]
    const users = (image: string) =>
      Keyring.lookup(all, image).map(({ credentials: { password, username } }) => `${username} ${password}`)
    assert.deepStrictEqual(users("r.example/team/a"), ["team c", "me a:b"])
    assert.deepStrictEqual(users("r.example/a"), ["me a:b"])
    assert.deepStrictEqual(users("other.example/a"), [])
  })
  it("what is none gives none", () => {
    assert.deepStrictEqual(Keyring.ofSecret(secret({ ".dockerconfigjson": { auths: 3 } })), [])
    assert.deepStrictEqual(DockerConfig.logins({ "r.example": {} }), [])
  })
})
