import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type MapBookmark, MAX_BOOKMARKS } from '../../../server/contract/map.ts'
import { openTestWorld, signIn, signInCookie, type TestApp, type TestWorld, type Visitor } from '../../support/open-app.ts'

let world: TestWorld
let running: TestApp
beforeAll(async () => {
  world = await openTestWorld()
  running = await world.start()
})
afterAll(async () => {
  await running?.close()
  await world?.close()
})

const view = (name: string) => ({ name, lonLat: [111.66, 40.75], zoom: 15.5, query: 'station=north&status=offline' })
const add = async (visitor: Visitor, name: string) => (await visitor.post('/api/map/bookmarks', view(name))).body as MapBookmark
const namesOf = async (visitor: Visitor) => ((await visitor.get('/api/map/bookmarks')).body as MapBookmark[]).map(({ name }) => name)

describe('R-MAP bookmarks of the map', () => {
  test('come back as they were, by name as a Chinese list is read', async () => {
    const duty = await signIn(running, { account: 'duty' })
    for (const name of ['中心商城', '路口 10', '北亭小学', ' 路口 9 ']) await add(duty, name)
    expect(await namesOf(duty)).toEqual(['北亭小学', '路口 9', '路口 10', '中心商城'])
    expect((await duty.get('/api/map/bookmarks')).body[0]).toEqual({ bookmarkId: expect.any(String), ...view('北亭小学') })
  })

  test('are one’s own: nobody else sees or removes them; adding and removing is audited', async () => {
    const cookie = await signInCookie(running, { account: 'owner' })
    const other = await signIn(running, { account: 'other' })
    const send = (method: string, path: string, body?: object) =>
      fetch(`${running.url}/api/map/bookmarks${path}`, {
        method,
        headers: { cookie, origin: running.url, 'content-type': 'application/json' },
        ...(body ? { body: JSON.stringify(body) } : {}),
      })
    const { bookmarkId } = (await (await send('POST', '', view('我的'))).json()) as MapBookmark
    const theirs = await add(other, '别人的')
    expect(await namesOf(other)).toEqual(['别人的'])
    expect((await send('DELETE', `/${theirs.bookmarkId}`, {})).status).toBe(404)
    expect(await namesOf(other)).toEqual(['别人的'])
    expect((await send('DELETE', `/${bookmarkId}`, {})).status).toBe(200)
    expect((await send('DELETE', `/${bookmarkId}`, {})).status).toBe(404)
    expect(await (await send('GET', '')).json()).toEqual([])
    const rows = await world.database.database
      .as<{ audit_log: { name: string; account: string; detail: string; result: string; seq: number } }>()
      .selectFrom('audit_log')
      .select(['name', 'result', 'detail'])
      .where('account', '=', 'owner')
      .where('name', 'like', 'map.bookmark.%')
      .orderBy('seq')
      .execute()
    expect(rows.map(({ name, result, detail }) => [name, result, (JSON.parse(detail) as { name?: string }).name])).toEqual([
      ['map.bookmark.add', 'ok', '我的'],
      ['map.bookmark.remove', 'failed', undefined],
      ['map.bookmark.remove', 'ok', '我的'],
      ['map.bookmark.remove', 'failed', undefined],
    ])
  })

  test(`no more than ${MAX_BOOKMARKS}`, async () => {
    const keen = await signIn(running, { account: 'keen' })
    for (let i = 0; i < MAX_BOOKMARKS; i++) expect((await keen.post('/api/map/bookmarks', view(`路口 ${i}`))).status).toBe(200)
    expect(await keen.post('/api/map/bookmarks', view('一个太多'))).toMatchObject({ status: 409, body: { code: 'conflict' } })
    expect(await namesOf(keen)).toHaveLength(MAX_BOOKMARKS)
  })
})
