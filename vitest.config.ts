import { playwright } from "@vitest/browser-playwright";
import { defineConfig } from "vitest/config";
import { chromiumLaunchOptions } from "./test/chromium.js";

/** Generous: several tests start processes, and a CI machine may be busy. */
const testTimeout = 30_000;

export default defineConfig({
  test: {
    projects: [
      { test: { name: "node", include: ["test/**/*.test.ts"], environment: "node", testTimeout } },
      {
        // A dependency that Vite meets only while the tests run makes it reload the page.
        optimizeDeps: { include: ["@assemblyscript/loader"] },
        test: {
          name: "chromium",
          testTimeout,
          include: ["test/api/**/*.test.ts"],
          globalSetup: ["test/setup-chromium.ts"],
          browser: {
            enabled: true,
            headless: true,
            screenshotFailures: false,
            provider: playwright({ launchOptions: chromiumLaunchOptions() }),
            instances: [{ browser: "chromium" }],
          },
        },
      },
    ],
  },
});
