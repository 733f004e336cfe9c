/** Certificates of Ingresses in ACM, imported with tags that say whose they are. */
import { Effect } from "effect"
import { createHash } from "node:crypto"
import type { Certificate, IngressReference } from "../../../plugins/cloud/contracts/IngressBalancers.ts"
import type { Unavailable } from "../../../kernel/plugin/Contract.ts"
import { NotReady } from "../../../plugins/cloud/contracts/Cloud.ts"
import type { Failed } from "../Failed.ts"
import { type Calls, hasCode } from "./Calls.ts"
import * as Names from "./Names.ts"

/** ACM lists RSA alone where nothing else is said. */
const keyTypes = ["RSA_1024", "RSA_2048", "RSA_3072", "RSA_4096", "EC_prime256v1", "EC_secp384r1", "EC_secp521r1"] as const

const [nameTag, contentTag] = ["cloud.keelson.io/certificate-name", "cloud.keelson.io/certificate-content"]
const contentOf = ({ chain, key }: Certificate) => createHash("sha256").update(`${chain}\n${key}`).digest("hex")
const bytes = (text: string) => new TextEncoder().encode(text)

/** The first of a chain, and those that signed it. */
const pieces = ({ chain, key }: Certificate) => {
  const [own = "", ...others] = chain.match(/-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g) ?? []
  return {
    Certificate: bytes(`${own}\n`),
    PrivateKey: bytes(key),
    ...(others.length > 0 && { CertificateChain: bytes(`${others.join("\n")}\n`) })
  }
}

export interface Imported {
  readonly arn: string
  readonly name: string
  readonly content: string
  readonly ingress: IngressReference
}

export const make = ({ acm, makeAcm }: Calls) => {
  const tagsOf = (CertificateArn: string) =>
    acm((client, { ListTagsForCertificateCommand }, options) =>
      client.send(new ListTagsForCertificateCommand({ CertificateArn }), options)
    ).pipe(
      Effect.map(({ Tags = [] }) => Tags),
      Effect.catch((error) => (hasCode(error, "ResourceNotFound") ? Effect.succeed([]) : Effect.fail(error)))
    )

  /** Those of a cluster. There is no asking for tags. */
  const all = Effect.fnUntraced(function* (cluster: string) {
    const arns = yield* acm(async (client, { paginateListCertificates }, options) => {
      const found: Array<string> = []
      const asked = { Includes: { keyTypes: [...keyTypes] } }
      for await (const { CertificateSummaryList = [] } of paginateListCertificates({ client }, asked, options))
        for (const { CertificateArn = "", Type } of CertificateSummaryList)
          if (Type === undefined || Type === "IMPORTED") found.push(CertificateArn)
      return found
    })
    const tagged = yield* Effect.forEach(arns, (arn) => Effect.map(tagsOf(arn), (tags) => ({ arn, tags })), {
      concurrency: 4
    })
    return tagged.flatMap(({ arn, tags }): ReadonlyArray<Imported> => {
      const ingress = Names.ingresses.of(cluster, tags)
      const value = (key: string) => tags.find(({ Key }) => Key === key)?.Value ?? ""
      return ingress === undefined ? [] : [{ arn, ingress, name: value(nameTag), content: value(contentTag) }]
    })
  })

  /** Makes those that are missing, and gives what there is of each. One that changed is another: the old one is shown until this is. */
  const kept = Effect.fnUntraced(function* (
    cluster: string,
    ingress: IngressReference,
    wanted: ReadonlyArray<Certificate>,
    existing: ReadonlyArray<Imported>
  ) {
    return yield* Effect.forEach(wanted, (certificate) => {
      const content = contentOf(certificate)
      const found = existing.find((one) => one.name === certificate.name && one.content === content)
      if (found !== undefined) return Effect.succeed(found.arn)
      const about = [
        { Key: nameTag, Value: certificate.name },
        { Key: contentTag, Value: content }
      ]
      return makeAcm((client, { ImportCertificateCommand }, options) => {
        const Tags = [...Names.ingresses.tags(cluster, ingress), ...about]
        return client.send(new ImportCertificateCommand({ ...pieces(certificate), Tags }), options)
      }).pipe(Effect.map(({ CertificateArn = "" }) => CertificateArn))
    })
  })

  const remove = ({ arn, name }: Imported) =>
    acm((client, { DeleteCertificateCommand }, options) =>
      client.send(new DeleteCertificateCommand({ CertificateArn: arn }), options)
    ).pipe(
      Effect.catch((error): Effect.Effect<void, Failed | NotReady | Unavailable> => {
        if (hasCode(error, "ResourceNotFound")) return Effect.void
        if (!hasCode(error, "ResourceInUse")) return Effect.fail(error)
        return Effect.fail(new NotReady({ reason: `the certificate ${name} is still shown`, retryAfterSeconds: 5 }))
      })
    )
  return { all, kept, remove }
}
