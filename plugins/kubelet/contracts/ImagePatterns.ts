/**
 * Which images a login is for: `registry.example:5000`, `*.dkr.ecr.*.amazonaws.com`, `ghcr.io/team`. A `*` stands for a part of the
 * host's name up to the next dot, the port has to be the same, and a path is the beginning of the image's. Source: `matchImages`,
 * https://kubernetes.io/docs/tasks/administer-cluster/kubelet-credential-provider/#configure-image-matching.
 */
interface Place {
  readonly host: ReadonlyArray<string>
  readonly port: string
  readonly path: string
}

const place = (text: string): Place => {
  const bare = text.replace(/^https?:\/\//, "")
  const slash = bare.indexOf("/")
  const [authority, path] = slash < 0 ? [bare, ""] : [bare.slice(0, slash), bare.slice(slash)]
  const [, host = authority, port = ""] = /^(.*):(\d+)$/.exec(authority) ?? []
  return { host: host.split("."), port, path: path === "/" ? "" : path }
}

const glob = (pattern: string) =>
  new RegExp(`^${pattern.replaceAll(/[.+?^${}()|[\]\\]/g, "\\$&").replaceAll("*", "[^/]*")}$`)

/** `registry.example:5000` of `registry.example:5000/team/app:1`; names without a registry are Docker's. */
export const registryOf = (image: string) => {
  const [first = "", ...rest] = image.split("/")
  return rest.length > 0 && (/[.:]/.test(first) || first === "localhost") ? first : "docker.io"
}

/** The image with its registry, without tag and digest: what patterns are held against. */
export const repositoryOf = (image: string) => {
  const [name = ""] = image.split("@")
  const bare = name.replace(/:[^/:]+$/, "")
  const registry = registryOf(image)
  if (registry !== "docker.io") return bare
  const path = bare.replace(/^docker\.io\//, "")
  return `docker.io/${path.includes("/") ? path : `library/${path}`}`
}

export const matches = (pattern: string, image: string) => {
  const wanted = place(pattern)
  const { host, path, port } = place(repositoryOf(image))
  return (
    wanted.port === port &&
    wanted.host.length === host.length &&
    path.startsWith(wanted.path) &&
    wanted.host.every((part, index) => glob(part).test(host[index] ?? ""))
  )
}

/** Of a server as a login names it: `https://registry.example/v2/` is `registry.example`, and Docker's own has several names. */
export const patternOf = (server: string) => {
  const bare = server.replace(/^https?:\/\//, "").replace(/\/v[12](\/|$)/, "/")
  return bare.replace(/\/$/, "").replace(/^(?:index\.docker\.io|registry-1\.docker\.io)(?=\/|$)/, "docker.io")
}
