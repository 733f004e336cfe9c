import { defineConfig } from "vitest/config"

const include = ["test/**/*.test.ts"]
const endToEnd = ["test/{e2e,interchange}/**/*.test.ts"]

export default defineConfig({
  test: {
    projects: [
      { test: { name: "parts", include, exclude: endToEnd, testTimeout: 60_000, sequence: { groupOrder: 0 } } },
      {
        // One cluster after another, and after the rest: they take the whole machine.
        test: {
          name: "e2e",
          include: endToEnd,
          globalSetup: ["test/e2e/bundle.mjs"],
          fileParallelism: false,
          testTimeout: 300_000,
          hookTimeout: 300_000,
          sequence: { groupOrder: 1 }
        }
      }
    ]
  }
})
