import vue from '@vitejs/plugin-vue'
import { defineConfig } from 'vitest/config'

const isLong = process.env['LONG'] === '1'

/**
 * `server` has ports, processes and databases of its own; `web` runs in happy-dom; `browser` drives Debian's Chromium, one file at a time.
 * Three workers on two cores: most tests wait for a camera, a process or a timer.
 */
export default defineConfig({
  test: {
    testTimeout: isLong ? 1_800_000 : 60_000,
    hookTimeout: 120_000,
    reporters: ['default'],
    // tests of whole process trees share two cores with each other: one more try, and the report says which needed it
    retry: process.env['CI'] ? 1 : 0,
    // tests of leaks call the garbage collector
    execArgv: ['--expose-gc'],
    projects: [
      { test: { name: 'architecture', include: ['test/architecture.test.ts'], maxWorkers: 3 } },
      {
        extends: true,
        test: {
          name: 'server',
          include: ['test/**/*.test.ts'],
          exclude: ['test/web/**', 'test/e2e/**', 'test/architecture.test.ts', 'test/**/*.browser.test.ts'],
          pool: 'forks',
          maxWorkers: 3,
        },
      },
      {
        extends: true,
        plugins: [vue()],
        test: { name: 'web', include: ['test/web/**/*.test.ts'], exclude: ['test/**/*.browser.test.ts'], environment: 'happy-dom', maxWorkers: 3 },
      },
      {
        extends: true,
        test: {
          name: 'browser',
          // after all others: a browser that decodes video wants both cores
          sequence: { groupOrder: 1 },
          include: ['test/**/*.browser.test.ts', 'test/e2e/**/*.test.ts'],
          pool: 'forks',
          maxWorkers: 1,
          fileParallelism: false,
          testTimeout: isLong ? 1_800_000 : 240_000,
          hookTimeout: 360_000,
        },
      },
    ],
  },
})
