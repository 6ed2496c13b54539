/** `npm test`: brings what the tests need, runs all of them, and closes with one plain line. `--long` runs the full forms of `reliability.md`. */
import { spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, relative } from 'node:path'
import { stripVTControlCharacters } from 'node:util'
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

type Report = {
  numPassedTests: number
  numFailedTests: number
  numPendingTests: number
  numTodoTests: number
  testResults: { name: string; status: string; message: string; assertionResults: { fullName: string; status: string; failureMessages: string[] }[] }[]
}

/** Every failed test in one place, after pages of log: where, its name, and how its failures begin. */
function failuresOf({ testResults }: Report): string[] {
  const shortOf = (message: string) => stripVTControlCharacters(message).trim().slice(0, 600)
  return testResults.flatMap(({ name, status, message, assertionResults }) => {
    const failed = assertionResults.filter((each) => each.status === 'failed')
    const file = relative(process.cwd(), name)
    if (status === 'failed' && failed.length === 0) return [`FAILED ${file}\n${shortOf(message)}`]
    return failed.map(({ fullName, failureMessages }) => `FAILED ${file}: ${fullName}\n${failureMessages.map(shortOf).join('\n')}`)
  })
}

try {
  const report = JSON.parse(readFileSync(reportFile, 'utf8')) as Report
  for (const failure of failuresOf(report)) console.log(`\n${failure}`)
  console.log(`\n${report.numPassedTests} passed, ${report.numFailedTests} failed, ${report.numPendingTests + report.numTodoTests} skipped`)
} finally {
  rmSync(folder, { recursive: true, force: true })
}
process.exit(vitest.status ?? 1)
