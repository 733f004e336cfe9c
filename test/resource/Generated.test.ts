import { readdirSync, readFileSync } from "node:fs"
import { describe, expect, it } from "@effect/vitest"
import { Result } from "effect"
import * as fc from "fast-check"
import * as Decoder from "../../kernel/resource/Decoder.ts"
import * as Shape from "../../kernel/resource/Shape.ts"
import { StatefulSet } from "../../plugins/resources/contracts/apps/v1.ts"
import { HorizontalPodAutoscaler } from "../../plugins/resources/contracts/autoscaling/v2.ts"
import { Event } from "../../plugins/resources/contracts/core/v1.ts"
import { defaults, optional } from "../../plugins/resources/generate/Defaults.ts"
import { shortOf } from "../../plugins/resources/generate/Description.ts"
import { generate } from "../../plugins/resources/generate/Generate.ts"
import { isKind } from "./AllKinds.ts"
import * as Arbitrary from "./Arbitrary.ts"

const resources = new URL("../../plugins/resources/", import.meta.url)
const read = (path: string) => readFileSync(new URL(path, resources), "utf8")
const description = JSON.parse(read("description/kubernetes-1.36.json"))

describe("generated contracts", () => {
  it("are what the generator makes of the description", () => {
    const files = generate(description)
    const written = readdirSync(new URL("contracts/", resources), { recursive: true, encoding: "utf8" })
    expect(written.filter((file) => /\/v\d+(?:(?:alpha|beta)\d+)?\.ts$/.test(file)).toSorted()).toEqual(
      [...files.keys()].toSorted()
    )
    for (const [file, text] of files) expect(read(`contracts/${file}`), `${file}: npm run generate`).toBe(text)
  })

  it("have defaults for fields that exist", () => {
    const definitions = new Map(
      Object.entries<{ properties?: object }>(description.definitions).map(([name, one]) => [shortOf(name), one])
    )
    const fields = [
      ...Object.entries(defaults).map(([name, some]) => [name, Object.keys(some)] as const),
      ...Object.entries(optional)
    ]
    for (const [name, some] of fields)
      expect(Object.keys(definitions.get(name)?.properties ?? {})).toEqual(expect.arrayContaining([...some]))
  })

  it("can be loaded from any of their files, and every schema has a shape", async () => {
    for (const file of generate(description).keys()) {
      const module: object = await import(`../../plugins/resources/contracts/${file}`)
      for (const kind of Object.values(module).filter(isKind))
        for (const version of kind.versions) expect(Shape.of(version.schema()).type).toBe("object")
    }
  })
})

describe("other versions of a kind", () => {
  const other = (kind: typeof Event | typeof HorizontalPodAutoscaler) => {
    const [first, second] = kind.versions
    if (second?.convert === undefined) throw new Error(`${kind.kind} has no other version`)
    return { shape: Shape.of(second.schema()), stored: Shape.of(first.schema()), convert: second.convert }
  }
  const decoded = (shape: Shape.Shape, wire: unknown) =>
    Result.getOrThrow(Decoder.decode(shape)(wire, { unknown: "Strict" })).object

  it.each([Event, HorizontalPodAutoscaler])(
    "$kind: what is stored is shown in the other version, and comes back as it was",
    (kind) => {
      const { convert, shape, stored } = other(kind)
      fc.assert(
        fc.property(Arbitrary.of(stored, 3), (wire) => {
          const object = decoded(stored, wire)
          const shown = convert.to(object)
          expect(decoded(shape, shown)).toMatchObject(shown)
          if (kind === Event) expect(convert.from(shown)).toEqual(object)
        }),
        { numRuns: 50 }
      )
    }
  )

  it("HorizontalPodAutoscaler: v1 keeps in annotations what it has no fields for", () => {
    const { convert, stored } = other(HorizontalPodAutoscaler)
    const cpu = { type: "Resource", resource: { name: "cpu", target: { type: "Utilization", averageUtilization: 80 } } }
    const pods = {
      type: "Pods",
      pods: {
        metric: { name: "hits", selector: { matchLabels: { a: "b" } } },
        target: { type: "AverageValue", averageValue: "10" }
      }
    }
    const object = decoded(stored, {
      metadata: { name: "web", annotations: { mine: "yes" } },
      spec: {
        maxReplicas: 3,
        scaleTargetRef: { kind: "Deployment", name: "web" },
        metrics: [cpu, pods],
        behavior: { scaleDown: { stabilizationWindowSeconds: 5 } }
      }
    })
    const shown = convert.to(object)
    expect(shown).toMatchObject({
      metadata: {
        annotations: {
          "autoscaling.alpha.kubernetes.io/metrics":
            '[{"type":"Pods","pods":{"metricName":"hits","selector":{"matchLabels":{"a":"b"}},"targetAverageValue":"10"}}]'
        }
      },
      spec: { maxReplicas: 3, minReplicas: 1, targetCPUUtilizationPercentage: 80 }
    })
    expect(convert.from(shown)).toEqual(object)
  })
})

describe("a kind inside of another", () => {
  it("has its apiVersion and kind", () => {
    const wire = {
      spec: {
        selector: {},
        template: { spec: { containers: [] } },
        volumeClaimTemplates: [{ metadata: { name: "data" }, spec: {} }]
      }
    }
    const { object } = Result.getOrThrow(
      Decoder.decode(Shape.of(StatefulSet.versions[0].schema()))(wire, { unknown: "Strict" })
    )
    expect(object).toMatchObject({
      spec: { volumeClaimTemplates: [{ apiVersion: "v1", kind: "PersistentVolumeClaim", status: { phase: "Pending" } }] }
    })
  })
})
