import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, mkdirSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { systemClock } from '../../server/base/clock.ts'
import { openDatabase } from '../../server/base/db.ts'
import { silentLog } from '../../server/base/log.ts'
import { EMBEDDED_POSTGRES, openEmbeddedDatabase } from '../../server/database/embedded.ts'
import { describeHolder, findHolder, takeLock } from '../../server/database/process-lock.ts'

let folder: string
beforeEach(() => (folder = mkdtempSync(join(tmpdir(), 'mapwall-test-'))))
afterEach(() => rmSync(folder, { recursive: true, force: true }))

describe('one process per folder', () => {
  const file = () => join(folder, 'deep', 'lock')
  test('who has it is said; after the release it is free, and nothing is left behind', () => {
    const first = takeLock(file(), { now: 1000 })
    expect(first.ok).toBe(true)
    const second = takeLock(file(), { now: 2000 })
    expect(second).toMatchObject({ ok: false, holder: { pid: process.pid, sinceAt: 1000 } })
    expect(second.ok ? '' : describeHolder(second.holder)).toContain(String(process.pid))
    if (first.ok) first.lock.release()
    expect(findHolder(file())).toBeUndefined()
    expect(readdirSync(join(folder, 'deep'))).toEqual([])
    expect(takeLock(file(), { now: 3000 }).ok).toBe(true)
  })

  test('a dead holder holds nothing, and what it left is told', async () => {
    const child = spawn('sleep', ['60'])
    mkdirSync(join(folder, 'deep'))
    const ticks = readFileSync(`/proc/${child.pid}/stat`, 'utf8').split(') ')[1]!.split(' ')[19]!
    writeFileSync(file(), JSON.stringify({ pid: child.pid, startTicks: ticks, sinceAt: 5, note: '/tmp/left' }))
    expect(takeLock(file(), { now: 6 })).toMatchObject({ ok: false, holder: { pid: child.pid } })
    child.kill('SIGKILL')
    await once(child, 'exit')
    expect(takeLock(file(), { now: 7 })).toMatchObject({ ok: true, staleNote: '/tmp/left' })
  })

  test('a living process with the pid of a dead holder is not the holder', () => {
    mkdirSync(join(folder, 'deep'))
    writeFileSync(file(), JSON.stringify({ pid: process.pid, startTicks: '1', sinceAt: 5, note: null }))
    expect(takeLock(file(), { now: 6 }).ok).toBe(true)
  })

  test('a file that is no lock is no holder', () => {
    mkdirSync(join(folder, 'deep'))
    writeFileSync(file(), '{"pid":')
    expect(takeLock(file(), { now: 6 }).ok).toBe(true)
  })
})

describe('the embedded database', () => {
  test('answers several clients at once over its socket, each its own answer, and keeps its rows', async () => {
    const first = await openEmbeddedDatabase({ folder: join(folder, 'db'), socketFolder: folder })
    const database = openDatabase({ url: first.url, maxConnections: 1, log: silentLog, clock: systemClock })
    const tables = database.as<{ notes: { id: number; text: string } }>()
    await tables.schema
      .createTable('notes')
      .addColumn('id', 'integer', (column) => column.primaryKey())
      .addColumn('text', 'text')
      .execute()
    await Promise.all(
      Array.from({ length: 50 }, (_, id) =>
        tables
          .insertInto('notes')
          .values({ id, text: `Zeile ${id}` })
          .execute(),
      ),
    )
    await database.close()
    await first.close()
    expect(readFileSync(join(folder, 'db', 'PG_VERSION'), 'utf8').trim()).toBe(EMBEDDED_POSTGRES)

    const second = await openEmbeddedDatabase({ folder: join(folder, 'db'), socketFolder: folder })
    const again = openDatabase({ url: second.url, maxConnections: 1, log: silentLog, clock: systemClock })
    expect(await again.as<{ notes: { id: number; text: string } }>().selectFrom('notes').selectAll().where('id', '=', 49).execute()).toEqual([
      { id: 49, text: 'Zeile 49' },
    ])
    await again.close()
    await second.close()
    // making a database takes seconds of one core, and the machine may be shared
  }, 240_000)

  test('a folder of a newer version is refused with the next step', async () => {
    mkdirSync(join(folder, 'db'))
    writeFileSync(join(folder, 'db', 'PG_VERSION'), '99\n')
    await expect(openEmbeddedDatabase({ folder: join(folder, 'db'), socketFolder: folder })).rejects.toThrow(/PostgreSQL 99.*newer MapWall/)
  })
})
