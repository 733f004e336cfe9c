/** The plugin keeps the laws of the contract that it offers: the same check as `keelson plugin check`. */
import * as Package from "keelson/conformance/stage/Package"
import { test } from "node:test"

test("keeps the laws of its contract", () => Package.check(import.meta.dirname))
