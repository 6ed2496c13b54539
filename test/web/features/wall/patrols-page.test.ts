/** The page of the patrol log, for who judges patrols without a wall, and the same log in the wall's dialog (R-WALL-2). */
import { flushPromises, mount, type VueWrapper } from '@vue/test-utils'
import { afterEach, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest'
import { createMemoryHistory, createRouter, type Router } from 'vue-router'
import type { CameraId } from '../../../../server/contract/ids.ts'
import { type Permission, rolePermissions } from '../../../../server/contract/permissions.ts'
import type { PatrolEntry } from '../../../../server/contract/walls.ts'
import { installMessages, useI18n } from '../../../../web/base/i18n.ts'
import { useCameraStore } from '../../../../web/features/cameras/store.ts'
import ShellRail from '../../../../web/features/shell/ShellRail.vue'
import { patrolRoutes } from '../../../../web/features/wall/routes.ts'
import WallPatrolLog from '../../../../web/features/wall/WallPatrolLog.vue'
import WallPatrolsPage from '../../../../web/features/wall/WallPatrolsPage.vue'
import { messages } from '../../../../web/messages.ts'
import { signInAs } from '../../support/sign-in.ts'
import { cameraPoint } from '../cameras/points.ts'

const now = new Date(2026, 10, 26, 19, 42, 8).getTime()
const dayAt = new Date(2026, 10, 26).getTime()
const rotationId = '8d4f4f0e-6a9f-4b4e-9a53-0d6d6f0c1a12'
const entryOf = (rest: Partial<PatrolEntry>): PatrolEntry => ({
  entryId: `8d4f4f0e-6a9f-4b4e-9a53-${String(++made).padStart(12, '0')}`,
  runId: rotationId,
  rotationId,
  rotationName: '夜巡',
  account: 'night',
  cameraId: 'a' as CameraId,
  tile: 2,
  fromAt: now - 60_000,
  toAt: now - 55_000,
  outcome: 'shown',
  cause: null,
  freshMs: 4_800,
  ...rest,
})
let made = 0
let wrapper: VueWrapper
let router: Router
let asked: URLSearchParams[]
let reply: { entries: PatrolEntry[]; isCut: boolean; rotations: { rotationId: string; name: string }[] } | number

beforeAll(() => installMessages(messages))
beforeEach(() => {
  useI18n().setLocale('zh')
  vi.useFakeTimers({ now, toFake: ['Date'] })
  asked = []
  reply = {
    entries: [entryOf({}), entryOf({ cameraId: 'b' as CameraId, outcome: 'skipped', cause: 'unreachable', freshMs: 0 })],
    isCut: false,
    rotations: [{ rotationId, name: '夜巡' }],
  }
  vi.stubGlobal('fetch', async (url: string) => {
    asked.push(new URL(url, 'http://x').searchParams)
    return typeof reply === 'number' ? Response.json({ code: 'database_unavailable', detail: '', requestId: 'r' }, { status: reply }) : Response.json(reply)
  })
})
afterEach(() => {
  wrapper.unmount()
  vi.useRealTimers()
  vi.unstubAllGlobals()
})

async function open(address = '/patrols', permissions: readonly Permission[] = rolePermissions.assessor, what: unknown = WallPatrolsPage, props = {}) {
  const pinia = signInAs({ permissions: [...permissions] })
  useCameraStore().byId = new Map(['a', 'b'].map((id) => [id as CameraId, cameraPoint({ id, name: `澄桥路-${id}` })]))
  router = createRouter({
    history: createMemoryHistory(),
    routes: [
      ...patrolRoutes.map((route) => ({ ...route, path: '/patrols' })),
      ...['map', 'duty', 'wall', 'playback', 'storage'].map((name) => ({ path: `/${name}`, name, component: { render: () => null } })),
    ],
  })
  await router.push(address)
  wrapper = mount(what as typeof WallPatrolsPage, { props, global: { plugins: [pinia, router] }, attachTo: document.body })
  await flushPromises()
}

describe('R-WALL-2 the patrol log has a page of its own', () => {
  test('the assessor, who has no wall, finds it in the rail and reads everybody’s patrols of today', async () => {
    await open('/patrols', rolePermissions.assessor, ShellRail)
    expect(wrapper.find('a[href="/patrols"]').exists()).toBe(true)
    expect(wrapper.find('a[href="/wall"]').exists()).toBe(false)
    wrapper.unmount()
    await open()
    expect(Object.fromEntries(asked[0]!)).toEqual({ fromAt: String(dayAt), toAt: String(dayAt + 86_400_000), limit: '2000' })
    expect(wrapper.get('.bar').text()).toContain('全部账号')
    expect(wrapper.get('.sums').text()).toBe('看到 1 路 · 实时 1 次 · 仅末帧 0 次 · 跳过 1 次')
    expect(wrapper.findAll('tbody tr').map((row) => row.findAll('td').map((cell) => cell.text()))).toEqual([
      ['19:41:08–19:41:13', '澄桥路-a', '夜巡', '2', '实时画面', '4.8 秒', 'night'],
      ['19:41:08–19:41:13', '澄桥路-b', '夜巡', '—', '跳过 · 连不上', '—', 'night'],
    ])
  })

  test('days, rotation and camera stand in the address, and come back with it', async () => {
    await open(`/patrols?from=2026-11-01&to=2026-11-20&rotation=${rotationId}&camera=a`)
    expect(Object.fromEntries(asked[0]!)).toMatchObject({
      fromAt: String(new Date(2026, 10, 1).getTime()),
      toAt: String(new Date(2026, 10, 21).getTime()),
      rotationId,
      cameraId: 'a',
    })
    await wrapper.get('.chip').trigger('click')
    await flushPromises()
    await wrapper.get('select').setValue('')
    await flushPromises()
    expect(router.currentRoute.value.query).toEqual({ from: '2026-11-01', to: '2026-11-20' })
    await wrapper.get('.camera .name').trigger('click')
    await flushPromises()
    expect([router.currentRoute.value.query, asked.at(-1)!.get('cameraId')]).toEqual([{ from: '2026-11-01', to: '2026-11-20', camera: 'a' }, 'a'])
  })

  test('the table of all of it is made by the server, in the language of the page; with nothing there it is not offered', async () => {
    await open()
    const href = () => new URL(wrapper.get('a.button').attributes('href')!, 'http://x')
    expect([href().pathname, Object.fromEntries(href().searchParams)]).toEqual([
      '/api/wall-patrols/table',
      { fromAt: String(dayAt), toAt: String(dayAt + 86_400_000), locale: 'zh' },
    ])
    useI18n().setLocale('en')
    await flushPromises()
    expect(href().searchParams.get('locale')).toBe('en')
    reply = { entries: [], isCut: false, rotations: [] }
    await wrapper.get('.filters .icon-button').trigger('click')
    await flushPromises()
    expect(wrapper.find('a.button').exists()).toBe(false)
    expect(wrapper.get('.nothing').text()).toBe('No patrols in this time')
  })

  test('what is cut says that its sums are of the newest ones; a wrong order of days and an answer that fails are said', async () => {
    reply = { ...(reply as Exclude<typeof reply, number>), isCut: true }
    await open()
    expect(wrapper.get('.sums').text()).toMatch(/^最近 2,000 条：看到 1 路/)
    await router.replace('/patrols?from=2026-11-20&to=2026-11-01')
    await flushPromises()
    expect(wrapper.get('[role=alert]').text()).toContain('结束日期早于开始日期')
    reply = 503
    await router.replace('/patrols?from=2026-11-01')
    await flushPromises()
    expect(wrapper.get('[role=alert]').text()).toContain('没有读到')
  })

  test('who only patrols reads the own; who has neither right is told', async () => {
    await open('/patrols', rolePermissions.dutyOfficer)
    expect(wrapper.get('.bar').text()).toContain('本账号')
    wrapper.unmount()
    await open('/patrols', rolePermissions.systemAdmin)
    expect(wrapper.text()).toContain('此账号没有巡查记录')
    expect(wrapper.find('table').exists()).toBe(false)
  })

  test('beside the wall it says what waits, and what was lost and why', async () => {
    const flush = vi.fn(async () => undefined)
    const unreported = { waiting: 12_345, lost: { full: 500, refused: 3, lastAt: now - 3_600_000 } }
    await open('/patrols', rolePermissions.dutyOfficer, WallPatrolLog, { unreported, flush })
    expect(flush).toHaveBeenCalledOnce()
    expect(wrapper.get('.sums').text()).toContain('12,345 条待上报')
    expect(wrapper.text()).toContain('500 条没有留下')
    expect(wrapper.text()).toContain('3 条服务器不收')
    expect(wrapper.text()).toContain('最近一次 18:42:08')
  })
})
