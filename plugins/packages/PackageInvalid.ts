/** A package that cannot be taken, and why. */
import { Schema } from "effect"

export class PackageInvalid extends Schema.TaggedError<PackageInvalid>()("PackageInvalid", { message: Schema.String }) {}
