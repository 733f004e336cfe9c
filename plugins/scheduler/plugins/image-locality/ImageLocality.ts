/** Prefers nodes that have the Pod's images, larger ones more. An image that few nodes have counts less, lest all Pods go there. */
import type { Plugin } from "../../contracts/Framework.ts"

const megabyte = 2 ** 20
const least = 23 * megabyte
const most = 1000 * megabyte

/** The runtime lists images with a tag. */
const tagged = (image: string) => (image.lastIndexOf(":") > image.lastIndexOf("/") ? image : `${image}:latest`)

export const plugin: Plugin = {
  name: "ImageLocality",
  preScore: ({ pod: { spec } }, { nodes, withImage }) => {
    const { containers, initContainers = [], volumes = [] } = spec
    const references = [
      ...[...initContainers, ...containers].map(({ image }) => image),
      ...volumes.flatMap(({ image }) => image?.reference ?? [])
    ]
    const images = references
      .map((image = "") => tagged(image))
      .map((image) => ({ image, part: withImage(image) / Math.max(1, nodes.length) }))
      .filter(({ part }) => part > 0)
    if (images.length === 0) return undefined
    const limit = most * (initContainers.length + containers.length)
    return {
      score: (node) => {
        const size = images.reduce((sum, { image, part }) => sum + Math.trunc((node.images.get(image) ?? 0) * part), 0)
        return Math.trunc(((Math.min(limit, Math.max(least, size)) - least) * 100) / (limit - least))
      }
    }
  }
}
