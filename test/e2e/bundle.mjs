/** The end-to-end tests run what users run: the bundle, made anew if a source is newer. */
import { bundle } from "../../bin/setup.mjs"

export const setup = () => bundle()
