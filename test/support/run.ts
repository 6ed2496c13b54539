/** `npm test`: brings what the tests need, runs all of them, and closes with one plain line. `--long` runs the full forms of `reliability.md`. */
import { spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { bringPackages } from './packages.ts'

const isLong = process.argv.includes('--long')
const onlyThese = process.argv.slice(2).filter((argument) => argument !== '--long')

bringPackages()

// the browser tests open the built pages
const build = spawnSync('npx', ['vite', 'build', '--logLevel', 'warn'], { stdio: 'inherit' })
if (build.status !== 0) process.exit(build.status ?? 1)

const folder = mkdtempSync(join(tmpdir(), 'mapwall-test-'))
const reportFile = join(folder, 'report.json')
const vitest = spawnSync('npx', ['vitest', 'run', '--reporter=default', '--reporter=json', `--outputFile.json=${reportFile}`, ...onlyThese], {
  stdio: 'inherit',
  env: { ...process.env, ...(isLong ? { LONG: '1' } : {}) },
})

try {
  const report = JSON.parse(readFileSync(reportFile, 'utf8')) as {
    numPassedTests: number
    numFailedTests: number
    numPendingTests: number
    numTodoTests: number
  }
  console.log(`\n${report.numPassedTests} passed, ${report.numFailedTests} failed, ${report.numPendingTests + report.numTodoTests} skipped`)
} finally {
  rmSync(folder, { recursive: true, force: true })
}
process.exit(vitest.status ?? 1)
