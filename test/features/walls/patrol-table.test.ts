/** The patrol log as a table: all of it, however long, safe in a spreadsheet, and recorded before it leaves (R-WALL-2, R-SEC-3). */
import { randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { createServer, get } from 'node:http'
import type { AddressInfo } from 'node:net'
import { sql } from 'kysely'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { begun, sendChunks } from '../../../server/base/stream-reply.ts'
import { Role, rolePermissions } from '../../../server/contract/permissions.ts'
import type { PatrolEntry } from '../../../server/contract/walls.ts'
import { patrolTable } from '../../../server/features/walls/patrol-table.ts'
import { patrolWords } from '../../../server/features/walls/patrol-words.ts'
import { draftOf, openTestWorld, signInCookie, stationOf, type TestApp, type TestWorld } from '../../support/open-app.ts'
import { camera } from './wall-world.ts'

const entryOf = (change: Partial<PatrolEntry> = {}): PatrolEntry => ({
  entryId: randomUUID(),
  runId: randomUUID(),
  rotationId: randomUUID(),
  rotationName: '夜间',
  account: 'duty',
  cameraId: camera('34020000001320000001'),
  tile: 3,
  fromAt: new Date(2026, 10, 26, 19, 42, 8).getTime(),
  toAt: new Date(2026, 10, 26, 19, 42, 13).getTime(),
  outcome: 'shown',
  cause: null,
  freshMs: 4_820,
  ...change,
})
async function* piecesOf(...pieces: PatrolEntry[][]) {
  yield* pieces
}
async function textOf(chunks: AsyncIterable<Uint8Array>): Promise<string> {
  const all: Uint8Array[] = []
  for await (const chunk of chunks) all.push(chunk)
  return Buffer.concat(all).toString('utf8')
}

describe('R-WALL-2 the table', () => {
  test('has a head and a line for each entry in both languages, for a spreadsheet', async () => {
    const table = (locale: 'zh' | 'en') =>
      textOf(
        patrolTable(
          piecesOf([entryOf()], [entryOf({ outcome: 'stillOnly', cause: 'packet_loss', freshMs: 0 })]),
          patrolWords[locale],
          (cameraId) => `澄桥路,${cameraId.length}`,
        ),
      )
    expect(await table('zh')).toBe(
      '\u{FEFF}开始,结束,点位,国标编码,轮巡,格,结果,实时画面秒数,账号\r\n' +
        '2026-11-26 19:42:08,2026-11-26 19:42:13,"澄桥路,20",\t34020000001320000001,夜间,3,实时画面,4.8,duty\r\n' +
        '2026-11-26 19:42:08,2026-11-26 19:42:13,"澄桥路,20",\t34020000001320000001,夜间,3,仅末帧 · 丢包,0,duty\r\n',
    )
    expect(await table('en')).toContain('Last picture only · Packet loss')
  })

  test.each([
    ['=1+1', `'=1+1`],
    ['+1', `'+1`],
    ['-1', `'-1`],
    ['@x', `'@x`],
    ['\t=1+1', `'\t=1+1`],
    ['a"b', '"a""b"'],
    ['a,b', '"a,b"'],
    ['夜间', '夜间'],
  ])('a rotation called %j does nothing in a spreadsheet', async (rotationName, cell) => {
    const text = await textOf(patrolTable(piecesOf([entryOf({ rotationName })]), patrolWords.zh, String))
    expect(text.split('\r\n')[1]).toContain(`,${cell},3,`)
  })
})

describe('an answer that is made while it is sent', () => {
  async function serve(chunks: () => AsyncIterable<Uint8Array>) {
    const ended: { problem?: unknown; isOver?: true } = {}
    const server = createServer((_request, response) => {
      sendChunks(response, chunks(), 10_000).then(
        () => (ended.isOver = true),
        (problem: unknown) => (ended.problem = problem),
      )
    }).listen(0, '127.0.0.1')
    await once(server, 'listening')
    return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, ended, close: () => server.close() }
  }

  test('a source that fails half way cuts the connection: a part is never taken for the whole', async () => {
    const served = await serve(async function* () {
      yield Buffer.from('half')
      throw new Error('database away')
    })
    await expect(fetch(served.url).then((answer) => answer.text())).rejects.toThrow()
    expect(served.ended.problem).toMatchObject({ message: 'database away' })
    served.close()
  })

  test('a client that leaves ends the source, and no more is made than it takes', async () => {
    let made = 0
    let isEnded = false
    const served = await serve(async function* () {
      try {
        for (;;) {
          made++
          yield Buffer.alloc(1024 * 1024)
        }
      } finally {
        isEnded = true
      }
    })
    const request = get(served.url)
    const [answer] = (await once(request, 'response')) as [import('node:http').IncomingMessage]
    answer.pause()
    await new Promise((resolve) => setTimeout(resolve, 300)) // whoever does not wait would make thousands by then
    expect(made).toBeLessThan(64)
    request.destroy()
    for (let i = 0; i < 200 && !served.ended.isOver; i++) await new Promise((resolve) => setTimeout(resolve, 10))
    expect([served.ended, isEnded]).toEqual([{ isOver: true }, true])
    served.close()
  })

  test('what fails before the first chunk is thrown to whoever asked', async () => {
    const failing = async function* (): AsyncGenerator<Uint8Array> {
      yield await Promise.reject(new Error('at once'))
    }
    await expect(begun(failing())).rejects.toThrow('at once')
    const some = async function* (): AsyncGenerator<Uint8Array> {
      for (const text of ['a', 'b', 'c']) yield Buffer.from(text)
    }
    expect(await textOf(await begun(some(), 2))).toBe('abc')
    expect(await textOf(await begun(some(), 9))).toBe('abc')
  })
})

describe('R-WALL-2 the table of the whole platform', () => {
  let world: TestWorld
  let running: TestApp
  const cookies = new Map<Role, string>()
  const rows = 12_003
  const fromAt = Date.now() - 3_600_000
  beforeAll(async () => {
    world = await openTestWorld()
    running = await world.start()
    await running.app.cameras.putStations([stationOf('own')])
    await running.app.cameras.putCameras([draftOf('own-1', 'own', { name: '澄桥路口' })])
    for (const role of Role.options) cookies.set(role, await signInCookie(running, { account: role, role }))
    await statement(`insert into wall_patrol_runs (run_id, rotation_id, user_id, account, rotation_name, first_at, last_at)
      values (gen_random_uuid(), gen_random_uuid(), 'somebody', 'night', '夜巡', ${fromAt}, ${fromAt + rows})`)
    // eight at a time have the same moment, as tiles that change together do
    await statement(`insert into wall_patrols (from_at, entry_id, to_at, run_number, camera_id, tile, outcome, cause, fresh_ms)
      select ${fromAt} + i / 8, gen_random_uuid(), ${fromAt} + i / 8 + 5, r.run_number, 'own-1', 1, 'shown', null, 5 from generate_series(0, ${rows - 1}) i, wall_patrol_runs r`)
  })
  afterAll(async () => {
    await running?.close()
    await world?.close()
  })
  const statement = (text: string) => sql.raw(text).execute(world.database.database.as<Record<string, object>>())
  const ask = (role: Role, query = `fromAt=${fromAt}&toAt=${fromAt + rows}`) =>
    fetch(`${running.url}/api/wall-patrols/table?${query}`, { headers: { cookie: cookies.get(role)! } })

  test('holds every entry once, newest first, over many pieces, and is recorded', async () => {
    const answer = await ask('assessor')
    expect([answer.status, answer.headers.get('content-type'), answer.headers.get('content-disposition')]).toEqual([
      200,
      'text/csv',
      expect.stringContaining('.csv'),
    ])
    const lines = Buffer.from(await answer.arrayBuffer())
      .toString('utf8')
      .split('\r\n')
    expect(lines).toHaveLength(rows + 2)
    expect(lines[1]).toContain('澄桥路口')
    const moments = lines.slice(1, -1).map((line) => line.slice(0, 19))
    expect(moments).toEqual(moments.toSorted().toReversed())
    type Row = { name: string; account: string; result: string; detail: string }
    const records = await world.database.database.as<{ audit_log: Row }>().selectFrom('audit_log').selectAll().where('name', '=', 'wall.patrol.table').execute()
    expect(records.map(({ account, result, detail }) => [account, result, JSON.parse(detail)])).toEqual([
      ['assessor', 'ok', { fromAt, toAt: fromAt + rows, rotationId: null }],
    ])
  })

  test('who may not judge gets a table of the own patrols; who sees no camera none; a wrong range is answered in words', async () => {
    for (const role of Role.options) {
      const answer = await ask(role)
      const lines = (await answer.text()).split('\r\n').length - 2
      const expected = !rolePermissions[role].includes('camera.see') ? [403, -1] : [200, rolePermissions[role].includes('assessment.see') ? rows : 0]
      expect([role, answer.status, lines]).toEqual([role, ...expected])
    }
    expect(await (await ask('assessor', 'fromAt=5&toAt=1')).json()).toMatchObject({ code: 'bad_request' })
    expect((await ask('assessor', `fromAt=${fromAt}&toAt=${fromAt + 1}&cameraId=nowhere`)).status).toBe(404)
  })

  test('the page is offered the rotations there are, and no name from elsewhere', async () => {
    const list = async (role: Role, query = '') =>
      (await (
        await fetch(`${running.url}/api/wall-patrols?fromAt=${fromAt}&toAt=${fromAt + rows}&limit=1${query}`, { headers: { cookie: cookies.get(role)! } })
      ).json()) as { rotations: { name: string }[] }
    expect((await list('assessor')).rotations).toMatchObject([{ name: '夜巡' }])
    expect((await list('assessor', `&rotationId=${randomUUID()}`)).rotations).toMatchObject([{ name: '夜巡' }])
    expect((await list('dutyOfficer')).rotations).toEqual([])
    const elsewhere = await signInCookie(running, { account: 'elsewhere', role: 'supervisor', stationIds: [] })
    cookies.set('supervisor', elsewhere)
    expect((await list('supervisor')).rotations).toEqual([])
  })
})
