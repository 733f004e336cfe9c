/** Prefers nodes that have the Pod's images, larger ones more. An image that few nodes have counts less, lest all Pods go there. */
import type { Score } from "../contracts/Extensions.ts"

const megabyte = 2 ** 20
const least = 23 * megabyte
const most = 1000 * megabyte

/** The runtime lists images with a tag. */
const tagged = (image: string) => (image.lastIndexOf(":") > image.lastIndexOf("/") ? image : `${image}:latest`)

export const imageLocality: Score = {
  name: "ImageLocality",
  weight: 1,
  prepare: ({ pod: { spec } }, { nodes, withImage }) => {
    const images = [...(spec.initContainers ?? []), ...spec.containers].map(({ image = "" }) => tagged(image))
    const spread = images.map((image) => withImage(image) / Math.max(1, nodes.length))
    if (spread.every((part) => part === 0)) return undefined
    return (node) => {
      const size = images.reduce((sum, image, index) => sum + (node.images.get(image) ?? 0) * (spread[index] ?? 0), 0)
      const limit = most * images.length
      return ((Math.min(limit, Math.max(least, size)) - least) * 100) / (limit - least)
    }
  }
}
