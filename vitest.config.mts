import { fileURLToPath } from 'node:url'
import { defineConfig } from 'vitest/config'

/** `expect.poll` would give up after a second, which a busy machine takes for anything. Milliseconds. */
const patience = { poll: { timeout: 20_000 } }

// Sized for two cores. Unit tests use both. Integration tests start real agents and a queue server, end-to-end tests
// an editor and a browser: one file at a time, each kind after the one before.
export default defineConfig({
  test: {
    projects: [
      {
        test: {
          name: 'unit',
          include: ['test/unit/**/*.test.ts'],
          // No editor runs here, and only an editor has its API.
          alias: { vscode: fileURLToPath(new URL('test/support/vscodeStandIn.mjs', import.meta.url)) },
          // Ends a test that hangs. Not a measure: property tests take their time on a busy machine.
          testTimeout: 60_000,
          maxWorkers: 2,
          sequence: { groupOrder: 0 },
          env: quietSdk(),
        },
      },
      {
        test: {
          name: 'integration',
          include: ['test/integration/**/*.test.ts'],
          globalSetup: 'test/support/buildProducts.ts',
          // `npm run test:engine`
          setupFiles: process.env.SQS_SEEN === undefined ? [] : ['test/engine/skipWhatIsLacking.ts'],
          testTimeout: 60_000,
          hookTimeout: 120_000,
          expect: patience,
          // scripts/testPlan.mjs has two for files that share nothing.
          maxWorkers: Number(process.env.INTEGRATION_WORKERS ?? 1),
          sequence: { groupOrder: 1 },
          env: quietSdk(),
        },
      },
      {
        test: {
          // Takes out one defence after the other, in two copies of the sources.
          name: 'attack',
          include: ['test/attack/**/*.test.ts'],
          testTimeout: 180_000,
          hookTimeout: 120_000,
          maxConcurrency: 2,
          sequence: { groupOrder: 5 },
        },
      },
      {
        test: {
          // `npm run test:nightly`: what takes minutes.
          name: 'nightly',
          include: ['test/nightly/**/*.test.ts'],
          globalSetup: 'test/support/buildProducts.ts',
          testTimeout: 300_000,
          hookTimeout: 120_000,
          expect: patience,
          fileParallelism: false,
          sequence: { groupOrder: 4 },
          env: quietSdk(),
        },
      },
      {
        test: {
          // `npm run test:package`: installs and removes the agent's package on this machine.
          name: 'package',
          include: ['test/package/**/*.test.ts'],
          testTimeout: 30_000,
          hookTimeout: 60_000,
          fileParallelism: false,
          sequence: { groupOrder: 3 },
          env: quietSdk(),
        },
      },
      {
        test: {
          name: 'e2e',
          include: ['test/e2e/**/*.test.ts'],
          globalSetup: ['test/support/buildProducts.ts', 'test/support/installEditor.ts'],
          testTimeout: 120_000,
          hookTimeout: 120_000,
          expect: patience,
          fileParallelism: false,
          sequence: { groupOrder: 2 },
          env: quietSdk(),
        },
      },
    ],
  },
})

/** Bundles have this built in (scripts/build.mjs); tests run the SDK unbundled. */
function quietSdk(): Record<string, string> {
  return { AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED: 'true' }
}
