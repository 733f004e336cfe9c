import { defineConfig } from "vitest/config"

const include = ["test/**/*.test.ts"]
const endToEnd = ["test/e2e/**/*.test.ts"]
const interchange = ["test/interchange/**/*.test.ts"]

/** One cluster after another, and after the rest: they take the whole machine. */
const whole = {
  globalSetup: ["test/e2e/bundle.mjs"],
  fileParallelism: false,
  testTimeout: 300_000,
  hookTimeout: 300_000,
  sequence: { groupOrder: 1 }
}

export default defineConfig({
  test: {
    projects: [
      {
        test: {
          name: "parts",
          include,
          exclude: [...endToEnd, ...interchange],
          testTimeout: 60_000,
          sequence: { groupOrder: 0 }
        }
      },
      { test: { ...whole, name: "e2e", include: endToEnd } },
      { test: { ...whole, name: "interchange", include: interchange } }
    ]
  }
})
