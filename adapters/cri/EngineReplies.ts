/** What is read of the replies of Podman and Docker. Where one of them leaves something out, it is optional. */
import { Schema } from "effect"

const { Array: List, Boolean: Bool, Int, NullOr, Record, String: Text, Struct, optionalKey } = Schema

const Texts = Record(Text, Text)

export const Created = Struct({ Id: Text })
export const Version = Struct({ Version: Text })

/** Of the list: whether it is there and in which state. */
export const Listed = Struct({ Id: Text, Labels: NullOr(Texts), State: Text })
export type Listed = typeof Listed.Type
export const Containers = List(Listed)

export const Inspected = Struct({
  Id: Text,
  Created: Text,
  Image: Text,
  State: Struct({
    Status: Text,
    Pid: Int,
    ExitCode: Int,
    OOMKilled: Bool,
    StartedAt: Text,
    FinishedAt: Text,
    Error: optionalKey(Text),
    CgroupPath: optionalKey(Text)
  }),
  Config: Struct({ Labels: NullOr(Texts), Tty: Bool }),
  HostConfig: Struct({ LogConfig: Struct({ Path: optionalKey(Text) }) }),
  LogPath: optionalKey(Text)
})
export type Inspected = typeof Inspected.Type

/** What Podman says of each container that it was to remove; Docker says nothing. */
export const Removed = NullOr(List(Struct({ Id: Text, Err: optionalKey(NullOr(Text)) })))

export const Image = Struct({
  Id: Text,
  RepoTags: NullOr(List(Text)),
  RepoDigests: optionalKey(NullOr(List(Text))),
  Size: Int
})
export const Images = List(Image)
export const InspectedImage = Struct({
  ...Image.fields,
  Config: NullOr(Struct({ User: optionalKey(Text) }))
})

/** A line of what is told of a pull. */
export const Progress = Schema.fromJsonString(Struct({ error: optionalKey(Text) }))

export const ExecInspected = Struct({ ExitCode: NullOr(Int), Running: Bool, Pid: optionalKey(Int) })
