/** reliability.md A5: fifteen kinds of tampering by somebody who owns the database; K1: an acknowledged row outlives `kill -9`. */
import { fork } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { silentLog } from '../../../server/base/log.ts'
import type { AuditEntry } from '../../../server/base/routes.ts'
import { createSecrets } from '../../../server/base/secrets.ts'
import { type Audit, createAnchorFile, createAudit, createAuditStore } from '../../../server/features/audit/index.ts'
import { canonicalRow, type AuditRow } from '../../../server/features/audit/chain.ts'
import { openTestDatabase, type TestDatabase } from '../../support/database.ts'
import { createFakeClock } from '../../support/fake-clock.ts'

const { mac } = createSecrets(Buffer.alloc(32, 3))
const ROWS = 20
const entryOf = (n: number): AuditEntry => ({
  name: 'camera.live',
  result: 'ok',
  code: null,
  userId: `u${n}` as never,
  account: `account ${n}`,
  loginId: `l${n}`,
  address: '10.0.0.1',
  requestId: `r${n}`,
  cameraId: `c${n}` as never,
  detail: { n, words: '第一', list: ['a', 'b'] },
})

let opened: TestDatabase
let folder: string
let file: string
beforeAll(async () => {
  opened = await openTestDatabase()
})
afterAll(() => opened.close())
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'mapwall-audit-'))
  file = join(folder, 'anchors.jsonl')
})
afterEach(() => rmSync(folder, { recursive: true }))

const openAudit = (badLines: number[] = []): Audit =>
  createAudit({
    store: createAuditStore(opened.database),
    anchors: createAnchorFile({ file, sign: mac, onBadLine: (line) => badLines.push(line) }),
    sign: mac,
    clock: createFakeClock(),
    log: silentLog,
  })

/** What the owner of the database can do, and the product cannot: switch the triggers off. */
const tamper = (text: string) =>
  opened.sql(
    `alter table audit_log disable trigger user; alter table audit_head disable trigger user; ${text}; alter table audit_log enable trigger user; alter table audit_head enable trigger user`,
  )
async function freshLog() {
  rmSync(file, { force: true })
  await tamper(`delete from audit_log; delete from audit_head; insert into audit_head (id, seq, hash) values (1, 0, '')`)
  const audit = openAudit()
  for (let n = 1; n <= ROWS; n++) await audit.record(entryOf(n))
  await audit.close()
}
const readRows = () => opened.database.as<{ audit_log: AuditRow }>().selectFrom('audit_log').selectAll().orderBy('seq').execute()
const quote = (value: string) => `'${value.replaceAll("'", "''")}'`

describe('R-SEC-3 the log only grows', () => {
  test('the database refuses to change, delete or empty it', async () => {
    await freshLog()
    for (const statement of [
      "update audit_log set account = 'x' where seq = 3",
      'delete from audit_log where seq = 3',
      'truncate audit_log',
      'update audit_head set seq = 1',
      'delete from audit_head',
      'truncate audit_head',
    ]) {
      await expect(opened.sql(statement), statement).rejects.toThrow(/append-only|only grows/)
    }
    expect(await openAudit().verify()).toEqual({ isWhole: true, rows: ROWS, problems: [] })
  })
  test('records of many requests at once form one chain', async () => {
    await freshLog()
    const [one, two] = [openAudit(), openAudit()]
    await Promise.all(Array.from({ length: 300 }, (_, n) => (n % 2 ? one : two).record(entryOf(n))))
    expect(await one.verify()).toEqual({ isWhole: true, rows: ROWS + 300, problems: [] })
  })
  test('verifying while it is written finds nothing wrong', async () => {
    await freshLog()
    const audit = openAudit()
    const writing = (async () => {
      for (let n = 0; n < 50; n++) await audit.record(entryOf(n))
    })()
    for (let i = 0; i < 5; i++) expect((await audit.verify()).problems).toEqual([])
    await writing
  })
  test('A2 what comes from outside cannot forge a line or break the row', async () => {
    await freshLog()
    const audit = openAudit()
    const nasty = 'a\r\nok admin\u0000\u2028\ud800<script>\u001b[2J'
    await audit.record({ ...entryOf(21), account: nasty, address: nasty.repeat(50), detail: { [nasty]: nasty, __proto__: 1 as never } })
    const row = (await readRows()).at(-1)!
    expect(row.account + row.address + row.detail).not.toMatch(/[\p{Cc}\u2028]/u)
    expect(await audit.verify()).toMatchObject({ isWhole: true })
  })
})

describe('A5 tampering is found, at the right place', () => {
  const columns: [string, string][] = [
    ['at', 'at + 1'],
    ['name', `'camera.see'`],
    ['result', `'denied'`],
    ['code', `'forbidden'`],
    ['user_id', `'u99'`],
    ['account', `'somebody else'`],
    ['login_id', 'null'],
    ['address', `'10.0.0.2'`],
    ['request_id', `'r99'`],
    ['camera_id', `'c99'`],
    ['detail', `replace(detail, '7', '8')`],
  ]
  const cases: { name: string; statement: string; at: number; kind: string }[] = [
    ...columns.map(([column, value]) => ({
      name: `the column ${column} of a row is changed`,
      statement: `update audit_log set ${column} = ${value} where seq = 7`,
      at: 7,
      kind: 'changed',
    })),
    { name: 'the hash of a row is changed', statement: `update audit_log set hash = repeat('0', 64) where seq = 7`, at: 7, kind: 'changed' },
    { name: 'the link of a row is changed', statement: `update audit_log set prev_hash = repeat('0', 64) where seq = 7`, at: 7, kind: 'wrong_link' },
    { name: 'a row is deleted', statement: 'delete from audit_log where seq = 7', at: 7, kind: 'missing' },
    {
      name: 'a row is deleted and the gap closed',
      statement: `delete from audit_log where seq = 7; update audit_log set seq = -seq where false; alter table audit_log drop constraint audit_log_pkey; update audit_log set seq = seq - 1 where seq > 7; alter table audit_log add primary key (seq)`,
      at: 7,
      kind: 'wrong_link',
    },
    { name: 'the first rows are deleted', statement: 'delete from audit_log where seq <= 3', at: 1, kind: 'missing' },
    {
      name: 'two rows change places',
      statement:
        'alter table audit_log drop constraint audit_log_pkey; update audit_log set seq = 15 - seq where seq in (7, 8); alter table audit_log add primary key (seq)',
      at: 7,
      kind: 'changed',
    },
    {
      name: 'a row is put in between',
      statement: `alter table audit_log drop constraint audit_log_pkey; update audit_log set seq = seq + 1 where seq > 7; insert into audit_log select 8, at, name, result, code, user_id, account, login_id, address, request_id, camera_id, detail, hash, hash from audit_log where seq = 7; alter table audit_log add primary key (seq)`,
      at: 8,
      kind: 'changed',
    },
    { name: 'the tail is cut off', statement: 'delete from audit_log where seq > 15', at: 16, kind: 'cut_off' },
    {
      name: 'the tail is cut off and the head put back to match',
      statement: 'delete from audit_log where seq > 15; update audit_head set seq = 15, hash = (select hash from audit_log where seq = 15)',
      at: 16,
      kind: 'cut_off',
    },
    {
      name: 'everything is deleted and the head put back',
      statement: `delete from audit_log; update audit_head set seq = 0, hash = ''`,
      at: 1,
      kind: 'cut_off',
    },
    {
      name: 'a row is added behind the head',
      statement: `insert into audit_log select 21, at, name, result, code, user_id, account, login_id, address, request_id, camera_id, detail, hash, hash from audit_log where seq = 20`,
      at: 21,
      kind: 'changed',
    },
    { name: 'only the head is changed', statement: `update audit_head set hash = repeat('0', 64)`, at: 21, kind: 'head_differs' },
    { name: 'the head is gone', statement: 'delete from audit_head', at: 1, kind: 'head_differs' },
  ]
  test.each(cases)('$name', async ({ statement, at, kind }) => {
    await freshLog()
    await tamper(statement)
    const report = await openAudit().verify()
    expect(report.isWhole).toBe(false)
    expect(
      report.problems.some((problem) => problem.seq === at && problem.kind === kind),
      JSON.stringify(report.problems.slice(0, 4)),
    ).toBe(true)
    expect(Math.min(...report.problems.map(({ seq }) => seq))).toBe(at)
  })

  test('the whole log is made anew by somebody without the key', async () => {
    await freshLog()
    const { mac: forged } = createSecrets(Buffer.alloc(32, 9))
    let previous = ''
    const statements = (await readRows()).map((row) => {
      const unsigned = { ...row, account: 'x', prev_hash: previous }
      previous = forged(canonicalRow(unsigned))
      return `update audit_log set account = 'x', prev_hash = ${quote(unsigned.prev_hash)}, hash = ${quote(previous)} where seq = ${row.seq}`
    })
    await tamper(`${statements.join(';')}; update audit_head set hash = ${quote(previous)}`)
    expect((await openAudit().verify()).problems).toEqual(expect.arrayContaining([{ seq: 1, kind: 'changed', detail: expect.any(String) }]))
  })
  test('the whole log is made anew with the key, but the anchors stand elsewhere', async () => {
    await freshLog()
    let previous = ''
    const statements = (await readRows()).map((row) => {
      const unsigned = { ...row, account: 'x', prev_hash: previous }
      previous = mac(canonicalRow(unsigned))
      return `update audit_log set account = 'x', prev_hash = ${quote(unsigned.prev_hash)}, hash = ${quote(previous)} where seq = ${row.seq}`
    })
    await tamper(`${statements.join(';')}; update audit_head set hash = ${quote(previous)}`)
    expect((await openAudit().verify()).problems).toEqual([{ seq: ROWS, kind: 'anchor_differs', detail: expect.any(String) }])
  })
  test('a forged or torn anchor counts for nothing and is named', async () => {
    await freshLog()
    writeFileSync(file, `${readFileSync(file, 'utf8')}${JSON.stringify({ seq: 5, hash: 'x', at: 1, mac: 'x' })}\n{"seq":6,"ha`)
    const badLines: number[] = []
    expect(await openAudit(badLines).verify()).toMatchObject({ isWhole: true })
    expect(badLines).toEqual([2, 3])
  })
})

describe('K1 kill -9 while it writes', () => {
  test('no acknowledged row is lost and the chain verifies, each time', async () => {
    await freshLog()
    const times = process.env['LONG'] === '1' ? 100 : 3
    for (let time = 0; time < times; time++) {
      const child = fork(fileURLToPath(new URL('./writer.ts', import.meta.url)), [opened.url, String(opened.maxConnections)], {
        execArgv: ['--import', 'tsx'],
        stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
      })
      const acknowledged: string[] = []
      const enough = 5 + Math.floor(Math.random() * 60)
      await new Promise<void>((resolve) => {
        child.on('message', (requestId: string) => {
          if (acknowledged.push(requestId) === enough) child.kill('SIGKILL')
        })
        child.on('exit', () => resolve())
      })
      expect(acknowledged.length).toBeGreaterThanOrEqual(enough)
      const written = new Set((await readRows()).map(({ request_id }) => request_id))
      expect(acknowledged.filter((requestId) => !written.has(requestId))).toEqual([])
      expect(await openAudit().verify()).toMatchObject({ isWhole: true })
    }
  })
})
