/** Where snapshots are kept, by an address that a person writes: a directory, `s3://bucket/prefix?endpoint=…&region=…`, or a package. */
import { Effect, type Layer, Schema } from "effect"
import { basename, dirname, join, resolve } from "node:path"
import * as Directory from "../adapters/snapshots/Directory.ts"
import * as S3 from "../adapters/snapshots/S3.ts"
import * as Early from "../plugins/packages/Early.ts"
import { SnapshotStorage } from "../plugins/snapshots/contracts/SnapshotStorage.ts"
import { ending } from "../plugins/snapshots/Snapshots.ts"
import * as Paths from "./Paths.ts"
import { defaults, type Settings } from "./Settings.ts"

export class BadDestination extends Schema.TaggedError<BadDestination>()("BadDestination", { message: Schema.String }) {}

export interface Destination {
  readonly storage: Layer.Layer<SnapshotStorage, unknown>
  /** Of one snapshot there, if the address is one's. */
  readonly name: string | undefined
  /** Without who asks. */
  readonly text: string
}

type Environment = Readonly<Record<string, string | undefined>>

const bucket = (
  address: string,
  environment: Environment
): Omit<S3.Options, "credentials"> & { name: string | undefined } => {
  const url = new URL(address)
  const path = decodeURIComponent(url.pathname).replace(/^\/+/, "")
  const name = path.endsWith(ending) ? basename(path) : undefined
  const folder = name === undefined ? path : path.slice(0, -name.length)
  const endpoint = url.searchParams.get("endpoint") ?? environment["AWS_ENDPOINT_URL_S3"] ?? environment["AWS_ENDPOINT_URL"]
  const { AWS_DEFAULT_REGION, AWS_REGION } = environment
  return {
    bucket: url.hostname,
    prefix: folder === "" || folder.endsWith("/") ? folder : `${folder}/`,
    region: url.searchParams.get("region") ?? AWS_REGION ?? AWS_DEFAULT_REGION ?? "us-east-1",
    ...(endpoint !== undefined && { endpoint }),
    name
  }
}

/** `plugin:///home/me/storage/NAME.snapshot?folder=…`: without the name all that it keeps. `directory`: where copies of packages are. */
const packaged = (address: string, directory: string): Destination => {
  const [path = "", query] = address.split("?")
  const name = path.endsWith(ending) ? basename(path) : undefined
  const own = name === undefined ? path : dirname(path)
  const storage = Early.layer(SnapshotStorage, { address: query === undefined ? own : `${own}?${query}`, directory })
  return { storage, name, text: path }
}

/** `settings`: of the cluster whose it is. */
export const parse = Effect.fnUntraced(function* (
  address: string,
  settings: Pick<Settings, "dataDir" | "nodeName"> = defaults(),
  environment: Environment = process.env
) {
  const refuse = (why: string) => new BadDestination({ message: `${address}: ${why}` })
  if (Early.isAddress(address)) return packaged(address, Paths.packages(Paths.make(settings.dataDir, settings.nodeName)))
  if (!address.startsWith("s3://")) {
    if (/^[a-z][a-z0-9]*:\/\//.test(address))
      return yield* refuse(`expected a directory, s3://bucket/prefix, or ${Early.expected}`)
    const path = resolve(address)
    const name = path.endsWith(ending) ? basename(path) : undefined
    const found: Destination = {
      storage: Directory.layer(name === undefined ? path : dirname(path)),
      name,
      text: path
    }
    return found
  }
  if (!URL.canParse(address)) return yield* refuse("expected s3://bucket/prefix")
  const { AWS_ACCESS_KEY_ID = "", AWS_SECRET_ACCESS_KEY = "", AWS_SESSION_TOKEN: sessionToken } = environment
  if (AWS_ACCESS_KEY_ID === "" || AWS_SECRET_ACCESS_KEY === "") {
    return yield* refuse("who asks has to stand in AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY")
  }
  const { name, ...options } = bucket(address, environment)
  if (options.endpoint !== undefined && !URL.canParse(options.endpoint)) return yield* refuse("its endpoint is no URL")
  const credentials = {
    accessKeyId: AWS_ACCESS_KEY_ID,
    secretAccessKey: AWS_SECRET_ACCESS_KEY,
    ...(sessionToken !== undefined && { sessionToken })
  }
  const found: Destination = { storage: S3.layer({ ...options, credentials }), name, text: address.split("?")[0] ?? "" }
  return found
})

/** Where a cluster's own are, if nothing else is said. */
export const standard = ({ dataDir, snapshotTo }: Settings) => (snapshotTo === "" ? join(dataDir, "snapshots") : snapshotTo)
