/** Bundles the pages of `harness/` the way the product is bundled, into a temporary folder. */
import { mkdtempSync, readdirSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import vue from '@vitejs/plugin-vue'
import { build } from 'vite'

export async function buildHarness(): Promise<string> {
  const outDir = mkdtempSync(join(tmpdir(), 'mapwall-harness-'))
  const root = join(import.meta.dirname, 'harness')
  await build({
    root,
    configFile: false,
    logLevel: 'warn',
    plugins: [vue()],
    build: {
      outDir,
      target: 'es2022',
      minify: false,
      rollupOptions: {
        input: readdirSync(root)
          .filter((name) => name.endsWith('.html'))
          .map((name) => join(root, name)),
      },
    },
  })
  return outDir
}
