/** What is checked before anything starts: a demo and a production installation never touch each other's data. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { systemClock } from '../server/base/clock.ts'
import { claimDatabase } from '../server/features/system/index.ts'
import { openDataFolder } from '../server/start-checks.ts'
import { StartError } from '../server/start-error.ts'
import { openTestDatabase } from './support/database.ts'

let folder: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'mapwall-checks-'))
})
afterEach(() => rmSync(folder, { recursive: true, force: true }))

type Kind = 'demo' | 'production'
const otherOf = { demo: 'production', production: 'demo' } as const

/** A folder that was used for this once, with something in it. */
function useOnce(kind: Kind) {
  openDataFolder(folder, kind, systemClock).release()
  writeFileSync(join(folder, 'secrets.key'), 'kept')
}
const contents = () => readdirSync(folder).map((name) => `${name} ${statSync(join(folder, name)).mtimeMs} ${readFileSync(join(folder, name), 'utf8')}`)

function refusalOf(kind: Kind): string {
  try {
    openDataFolder(folder, kind, systemClock).release()
  } catch (problem) {
    expect(problem).toBeInstanceOf(StartError)
    return (problem as Error).message
  }
  throw new Error('was not refused')
}

describe('a data folder belongs to a demo or to production', () => {
  test.each(['demo', 'production'] as const)('%s: a new folder is taken, marked for its owner only, and opens again', (kind) => {
    openDataFolder(folder, kind, systemClock).release()
    expect(readFileSync(join(folder, 'kind'), 'utf8')).toBe(`${kind}\n`)
    expect(statSync(join(folder, 'kind')).mode & 0o777).toBe(0o600)
    openDataFolder(folder, kind, systemClock).release()
  })

  test.each(['demo', 'production'] as const)('%s refuses the other one’s folder: cause, evidence, next step, in both languages; nothing is changed', (kind) => {
    const found = otherOf[kind]
    useOnce(found)
    const before = contents()
    const message = refusalOf(kind)
    const words = { demo: ['演示', 'a demo'], production: ['正式运行', 'production'] }
    for (const part of ['没有启动', `里是${words[found][0]}的数据`, `依据：${join(folder, 'kind')} 写着 ${found}`, '办法：', 'MAPWALL_DATA', '--demo'])
      expect(message).toContain(part)
    for (const part of ['Not started', `this data folder is ${words[found][1]}`, `Evidence: ${join(folder, 'kind')} says ${found}`, 'Next: '])
      expect(message).toContain(part)
    expect(contents()).toEqual(before)
    // the lock was given back: its owner can start
    openDataFolder(folder, found, systemClock).release()
  })

  test.each(['', 'prod', '\u0000\u0000\u0000'])('a damaged mark %j is guessed by nobody', (mark) => {
    useOnce('production')
    writeFileSync(join(folder, 'kind'), mark)
    for (const kind of ['demo', 'production'] as const) {
      const message = refusalOf(kind)
      expect(message).toContain('应为 demo 或 production')
      expect(message).toContain('not demo or production')
    }
    expect(readFileSync(join(folder, 'kind'), 'utf8')).toBe(mark)
  })
})

describe('the real start', () => {
  const root = fileURLToPath(new URL('..', import.meta.url))
  async function start(args: string[], environment: Record<string, string> = {}) {
    const child = spawn(process.execPath, ['--import', 'tsx', 'server/main.ts', ...args], {
      cwd: root,
      env: { PATH: process.env['PATH'], MAPWALL_DATA: folder, PORT: '0', ...environment },
    })
    let output = ''
    for (const stream of [child.stdout, child.stderr]) stream.setEncoding('utf8').on('data', (text: string) => (output += text))
    const [code] = (await once(child, 'close')) as [number]
    return { code, output }
  }

  test.each<{ name: string; folderOf: Kind; args: string[] }>([
    { name: '--demo on a production folder', folderOf: 'production', args: ['--demo'] },
    { name: 'a production start on a demo folder', folderOf: 'demo', args: [] },
    { name: 'an import into a demo folder', folderOf: 'demo', args: ['--import-cameras', 'test/start-checks.test.ts'] },
  ])('$name ends at once with 1, says why without a stack, and leaves everything as it was', async ({ folderOf, args }) => {
    useOnce(folderOf)
    const before = contents()
    const { code, output } = await start(args)
    expect([code, output]).toEqual([1, expect.stringContaining(`写着 ${folderOf}`)])
    expect(output).toContain('Next: ')
    expect(output).not.toMatch(/\n\s+at /)
    expect(contents()).toEqual(before)
  })
})

describe('a database belongs to a demo or to production, whatever the folder says', () => {
  test.each(['demo', 'production'] as const)('the first who comes (%s) has it', async (kind) => {
    const opened = await openTestDatabase()
    expect(await claimDatabase(opened.database, kind, 1)).toBe(kind)
    expect(await claimDatabase(opened.database, otherOf[kind], 2)).toBe(kind)
    expect(await claimDatabase(opened.database, kind, 3)).toBe(kind)
    await opened.close()
  })
})
