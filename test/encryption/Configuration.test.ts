/** Kubernetes' EncryptionConfiguration: what is understood, and what is refused by its name. */
import { assert, it } from "@effect/vitest"
import { Effect } from "effect"
import * as Configuration from "../../plugins/encryption/Configuration.ts"

const head = "apiVersion: apiserver.config.k8s.io/v1\nkind: EncryptionConfiguration\n"
const read = (resources: string) => Configuration.read(`${head}resources:\n${resources}`, "FILE")

const key = Buffer.alloc(32, 7).toString("base64")

it.effect("the example of the documentation, with what is supported", () =>
  Effect.gen(function* () {
    const groups = yield* read(`
  - resources: [secrets, configmaps, pandas.awesome.bears.example]
    providers:
      - aesgcm: {keys: [{name: key1, secret: ${key}}, {name: key2, secret: c2VjcmV0IGlzIHNlY3VyZQ==}]}
      - identity: {}
  - resources: ['*.apps']
    providers:
      - kms: {apiVersion: v2, name: vault, endpoint: unix:///run/kms.sock, timeout: 1.5s}
  - resources: ['*.']
    providers: [{keyring: {}}]
`)
    assert.deepStrictEqual(
      groups.map(({ providers }) => providers.map(({ _tag }) => _tag)),
      [["aesgcm", "identity"], ["kms"], ["keyring"]]
    )
    assert.deepInclude(groups[1]?.providers[0], { endpoint: "unix:///run/kms.sock", timeoutMillis: 1500 })
    const covering = (storage: string) => groups.findIndex(({ resources }) => Configuration.covers(resources, storage))
    assert.deepStrictEqual(
      ["secrets", "pandas.awesome.bears.example", "deployments.apps", "pods", "jobs.batch"].map(covering),
      [0, 0, 1, 2, -1]
    )
  })
)

const refusals: ReadonlyArray<readonly [string, string]> = [
  [`  - {resources: [secrets], providers: [{aescbc: {keys: []}}]}`, "aescbc is not supported: use keyring, aesgcm or kms"],
  [`  - {resources: [secrets], providers: [{secretbox: {keys: []}}]}`, "secretbox is not supported"],
  [`  - {resources: [secrets], providers: [{kms: {name: a, endpoint: unix:///a}}]}`, "KMS v1 is not supported: expected v2"],
  [
    `  - {resources: [secrets], providers: [{kms: {apiVersion: v2, name: a, endpoint: tcp://a}}]}`,
    "expected the path of a socket"
  ],
  [`  - {resources: [secrets], providers: [{aesgcm: {keys: [{name: a, secret: aGk=}]}}]}`, "expected 16, 24 or 32 bytes"],
  [`  - {resources: [secrets], providers: [{rot13: {}}]}`, "rot13"],
  [`  - {resources: [secrets], providers: []}`, "providers"],
  [`  - {resources: ["*"], providers: [{identity: {}}]}`, "expected names such as secrets"],
  [`  - {resources: [secrets], providers: [{identity: {}, keyring: {}}]}`, "expected one provider"]
]
it.effect.each(refusals)("%s is refused", ([resources, words]) =>
  Effect.map(Effect.flip(read(resources)), ({ message }) => {
    assert.include(message, "FILE")
    assert.include(message, words)
  })
)
