/** Requests for certificates: what was asked is what is read and signed, by whichever authority; what proves nothing is refused. */
import { assert, describe, it } from "@effect/vitest"
import { Effect, Result, Schema } from "effect"
import { generateKeyPairSync, X509Certificate } from "node:crypto"
import * as Pki from "../../plugins/certificates/contracts/Pki.ts"
import * as SigningRequest from "../../plugins/certificates/contracts/SigningRequest.ts"
import * as X509 from "../../plugins/certificates/X509.ts"

const Label = Schema.String.check(Schema.isPattern(/^[a-z0-9]{1,20}$/))
const Text = Schema.String.check(Schema.isPattern(/^[a-zA-Z0-9äß√ :.,'+=-]{1,40}$/))
const Byte = Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: 255 }))
const asked = {
  commonName: Text,
  organizations: Schema.Array(Text).check(Schema.isMaxLength(3)),
  dnsNames: Schema.Array(Label).check(Schema.isMaxLength(3)),
  address: Schema.Tuple([Byte, Byte, Byte, Byte])
}

/** Made by openssl, signed with SHA-1. */
const old = `-----BEGIN CERTIFICATE REQUEST-----
MIICUTCCATkCAQAwDDEKMAgGA1UEAwwBeDCCASIwDQYJKoZIhvcNAQEBBQADggEP
ADCCAQoCggEBAKg/wWQduZ4jnoaqT7I4G/16FGuEUFcyTRRwnniPwKxzT6e5DtSt
CGLbbvVKoNauREZ0fg5isVXC2sA510GlxIDmPqi61TWDg/s62ibGbHpi7iw1BsSB
ZyEts/dOIvUfTLCVi28yb3PJZRRNWLQBOEHzJmZoJYwHpF0n8kz8/QIwDcA7Akgo
lQRY+Cbyu7uDmitpVlkGW+bi0HIGsxPE3kkgxqwnos8LpbLmHXXOaHKg+GjvsZkd
oCHPNYb8/+181gC4OMKrXcdqEyHfV1DIbbu0XY1/Rp4hJFuU+r5e0aAqRMxwVp7q
jUIVL+djc+eKTVfg6cfW4Ivaz+XqK2OGQV0CAwEAAaAAMA0GCSqGSIb3DQEBBQUA
A4IBAQCcuvNek45prJNkxGPGOyRN+fE/sreRDgh5amHObSqCh0Q+3en2WvR8+B7w
0gxBEZQEJP0Ap1lQJWkDfs8kDuG0iTv8lHWXk8piNJozD9JIV/6rEfm/QBnWN3E9
2RTbNbbFHvQwCriPTVZiNe1UvxFDJ3/SQPYmxGiHirnUTNYsiUurmF5r6AB90G5s
7w2N2eJO1+eezTFxnHxuIixnXZCqXaq6CAT3KGJ67jTCWmdab5cB+K+hYhJN0aKn
ioO0CBc4BUDmmkSI6q/b1IkHa8EnfHVYLmPbMk+wQHNdK4mMXUy/+fHmQaVt8rli
5iiPsmrudMyBrdD3H2MnpwGJad5G
-----END CERTIFICATE REQUEST-----
`

/** An authority as other programs make them. */
const rsa = (): Pki.Pair => {
  const { privateKey: key } = generateKeyPairSync("rsa", { modulusLength: 2048 })
  const publicKey = X509.publicKeyOf(key)
  const times = { notBefore: new Date(Date.now() - 1000), notAfter: new Date(Date.now() + 86_400_000) }
  const extensions = [X509.isAuthority(true), X509.subjectKey(publicKey)]
  const subject = X509.nameOf({ commonName: "kubernetes", organizations: ["of others"] })
  return { cert: X509.signed({ key }, { subject, publicKey, ...times, extensions }), key: Pki.pemOf(key) }
}
const about = { usages: ["client auth", "digital signature"], seconds: 3600 }

describe("requests for certificates", () => {
  it.effect.prop("are read as they were made", asked, ({ address, commonName, dnsNames, organizations }) =>
    Effect.gen(function* () {
      const addresses = [address.join(".")]
      const { request } = yield* SigningRequest.make({ commonName, organizations, hosts: [...dnsNames, ...addresses] })
      const read = yield* Effect.fromResult(SigningRequest.parse(request))
      assert.deepStrictEqual(read, { commonName, organizations, dnsNames, addresses, emails: [], uris: [] })
    })
  )
  for (const [kind, made] of [
    ["its own", Pki.authority("keelson-ca")],
    ["RSA's", Effect.sync(rsa)]
  ] as const) {
    it.live(`are signed by an authority of ${kind} kind`, () =>
      Effect.gen(function* () {
        const authority = yield* made
        const { request } = yield* SigningRequest.make({ commonName: "node", organizations: ["nodes"], hosts: ["fd00::1"] })
        const cert = new X509Certificate(yield* SigningRequest.sign(authority, request, about))
        const issuer = new X509Certificate(authority.cert)
        assert.isTrue(cert.verify(issuer.publicKey) && cert.checkIssued(issuer))
        assert.strictEqual(cert.checkIP("fd00::1"), "fd00::1")
        assert.deepStrictEqual(Pki.subject(cert.toString()), { commonName: "node", organizations: ["nodes"] })
      })
    )
  }
  it("that are signed with SHA-1 prove nothing, and are refused", () => {
    const refused = Result.getFailure(SigningRequest.parse(old))
    assert.include(String(refused), "the request is not signed by the key that it asks for")
  })
})
