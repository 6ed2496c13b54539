/** The storage page as people use it: what stands there, what may be done by whom, and with which keys (R-STORE). */
import { flushPromises, mount, type VueWrapper } from '@vue/test-utils'
import { afterEach, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest'
import { createMemoryHistory, createRouter, type Router } from 'vue-router'
import type { CameraId } from '../../../../server/contract/ids.ts'
import { type Role } from '../../../../server/contract/permissions.ts'
import { installMessages, useI18n } from '../../../../web/base/i18n.ts'
import { useCameraStore } from '../../../../web/features/cameras/store.ts'
import StoragePage from '../../../../web/features/storage/StoragePage.vue'
import { storageRoutes } from '../../../../web/features/storage/routes.ts'
import { messages } from '../../../../web/messages.ts'
import { signInAs } from '../../support/sign-in.ts'
import { cameraPoint } from '../cameras/points.ts'

const now = new Date(2026, 10, 22, 19, 42, 8).getTime()
const DAY = 86_400_000
const GB = 1e9
let wrapper: VueWrapper
let router: Router
let asked: { method: string; path: string; body: unknown }[]
let replies: Record<string, unknown>

beforeAll(() => installMessages(messages))
beforeEach(() => {
  useI18n().setLocale('zh')
  vi.useFakeTimers({ now })
  vi.stubGlobal(
    'ResizeObserver',
    class {
      observe() {}
      disconnect() {}
    },
  )
  asked = []
  replies = usualReplies()
  vi.stubGlobal('fetch', async (url: string, init: RequestInit = {}) => {
    const path = url.split('?')[0]!
    asked.push({ method: init.method ?? 'GET', path, body: init.body === undefined ? undefined : JSON.parse(init.body as string) })
    const reply = Object.entries(replies).find(([name]) => path.endsWith(name))?.[1]
    return reply === undefined ? Response.json({ code: 'not_found', detail: '', requestId: 'r' }, { status: 404 }) : Response.json(reply)
  })
})
afterEach(() => {
  wrapper.unmount()
  document.body.innerHTML = ''
  vi.useRealTimers()
  vi.unstubAllGlobals()
})

function usualReplies(): Record<string, unknown> {
  const dayAt = new Date(2026, 10, 22).getTime()
  const days = [1, 0].map((back) => ({ fromAt: dayAt - back * DAY, toAt: dayAt - (back - 1) * DAY }))
  const stored = { mode: 'continuous', keepDays: 15, sinceAt: now - 80 * DAY, dueFromAt: now - 15 * DAY, newestAt: now, bytes: 300 * GB, dayBytes: 20 * GB }
  return {
    '/api/storage': {
      at: now,
      disks: [
        { diskId: 'x', name: 'video-01', state: 'ok', level: 'warn', detail: null, totalBytes: 1_000 * GB, freeBytes: 80 * GB, recordedBytes: 600 * GB },
        { diskId: null, name: 'video-02', state: 'missing', level: 'ok', detail: 'identity', totalBytes: 0, freeBytes: 0, recordedBytes: 0 },
      ],
      quotaBytes: null,
      recordedBytes: 600 * GB,
      lockedBytes: 3 * GB,
      roomBytes: 30 * GB,
      dayBytes: 40 * GB,
      fullAt: new Date(2026, 11, 3, 8).getTime(),
      holdsDays: 12.4,
      cameras: [
        { ...stored, cameraId: 'a', oldestAt: now - 15 * DAY },
        { ...stored, cameraId: 'b', oldestAt: now - 12.4 * DAY },
      ],
    },
    '/api/storage/days': {
      days,
      cameras: [
        { cameraId: 'a', plannedMs: [DAY, DAY / 2], recordedMs: [DAY, DAY / 2] },
        { cameraId: 'b', plannedMs: [DAY, DAY / 2], recordedMs: [DAY * 0.9, DAY / 2] },
      ],
    },
    '/timeline': {
      cameraId: 'b',
      recorded: [
        { fromAt: days[0]!.fromAt, toAt: days[0]!.fromAt + 0.5 * DAY },
        { fromAt: days[0]!.fromAt + 0.6 * DAY, toAt: days[0]!.toAt },
      ],
      gaps: [{ fromAt: days[0]!.fromAt + 0.5 * DAY, toAt: days[0]!.fromAt + 0.6 * DAY, reason: 'network', cause: 'unreachable' }],
      faults: [],
    },
    '/api/recording-policies': {
      policies: [{ cameraId: 'a', mode: 'continuous', schedule: [], profile: 'main', keepDays: 15 }],
    },
    '/api/locks': {
      locks: [
        {
          lockId: '00000000-0000-4000-8000-000000000001',
          cameraId: 'a',
          fromAt: now - DAY,
          toAt: now - DAY + 600_000,
          untilAt: null,
          reason: '核查',
          by: 'D-017',
          createdAt: now - DAY,
          bytes: 1.2 * GB,
        },
      ],
    },
    '/locks/00000000-0000-4000-8000-000000000001': {},
  }
}

async function open(address: string, role: Role = 'supervisor') {
  const pinia = signInAs({ role })
  const store = useCameraStore()
  store.byId = new Map(['a', 'b', 'c'].map((id) => [id as CameraId, cameraPoint({ id, name: `澄桥路口-${id}` })]))
  const station = {
    stationId: cameraPoint({ id: 'a' }).stationId,
    name: '青岚派出所',
    shortName: '青岚所',
    jurisdiction: null,
    labelLonLat: [111.66, 40.75] as [number, number],
  }
  store.stations = new Map([[station.stationId, station]])
  store.isLoaded = true
  const blank = { render: () => null }
  router = createRouter({
    history: createMemoryHistory(),
    routes: [...storageRoutes.map((route) => ({ ...route, path: '/storage' })), { path: '/playback', name: 'playback', component: blank }],
  })
  await router.push(address)
  wrapper = mount(StoragePage, { global: { plugins: [pinia, router] }, attachTo: document.body })
  await settle()
}
const settle = async () => {
  await vi.advanceTimersByTimeAsync(500)
  await flushPromises()
}
const press = async (selector: string, key: string) => {
  await wrapper.get(selector).trigger('keydown', { key })
  await settle()
}
const text = () => wrapper.text()

describe('R-STORE-3 overview', () => {
  test('when room ends, which disk is gone and what is to be done', async () => {
    await open('/storage')
    expect(text()).toContain('约 12-03 起覆盖最旧录像，能存 12.4 天')
    expect(text()).toContain('其中锁定 3.0 GB')
    expect(text()).toContain('超过 90 %：由系统管理员准备扩容')
    expect(text()).toContain('挂上的不是原来的磁盘 · 由系统管理员查接线和挂载')
  })
  test('a number leads to the cameras it counts', async () => {
    await open('/storage')
    await wrapper.findAll('.figures .link')[0]!.trigger('click')
    await settle()
    expect(router.currentRoute.value.query).toEqual({ part: 'days', lack: 'short' })
    expect(wrapper.findAll('.line.camera').map((line) => line.get('.name').text())).toEqual(['澄桥路口-b'])
  })
  test('media that is away, and nothing set up, are told apart', async () => {
    const storage = replies['/api/storage'] as object
    replies['/api/storage'] = { ...storage, disks: null, roomBytes: null, fullAt: null, holdsDays: null }
    await open('/storage')
    expect(text()).toContain('媒体服务不在，磁盘状态未知')
    wrapper.unmount()
    replies['/api/storage'] = { ...storage, disks: [] }
    await open('/storage')
    expect(text()).toContain('MAPWALL_MEDIA_DIRS')
  })
  test('a server that does not answer is said, and asked again', async () => {
    delete replies['/api/storage']
    await open('/storage')
    expect(wrapper.get('[role=alert]').text()).toContain('没有读到')
    replies = usualReplies()
    await wrapper.get('[role=alert] .text-button').trigger('click')
    await settle()
    expect(wrapper.find('.figures').exists()).toBe(true)
  })
})

describe('R-STORE completeness', () => {
  test('cells say their share, sums stand at the end and above', async () => {
    await open('/storage?part=days')
    const lines = wrapper.findAll('.line').map((line) => line.findAll('.cell').map((cell) => cell.text()))
    expect(lines).toEqual([
      ['95.0', '100'],
      ['95.0', '100'],
      ['100', '100'],
      ['90.0', '100'],
    ])
    expect(wrapper.findAll('.line')[3]!.find('.bad').attributes('title')).toContain('应录 1天，已录 21时36分')
  })
  test('arrow keys and Enter open a day; each gap has its reason and leads to playback', async () => {
    await open('/storage?part=days')
    for (const key of ['ArrowDown', 'ArrowDown', 'ArrowDown', 'ArrowLeft', 'Enter']) await press('[role=grid]', key)
    expect(router.currentRoute.value.query).toMatchObject({ camera: 'b', day: String(new Date(2026, 10, 21).getTime()) })
    const dock = wrapper.get('.dock')
    expect(dock.text()).toContain('12:00:00–14:24:00')
    expect(dock.text()).toContain('2时24分')
    expect(dock.text()).toContain('线路中断：连不上')
    await dock.get('.gaps .icon-button').trigger('click')
    await settle()
    expect(router.currentRoute.value).toMatchObject({ name: 'playback', query: { cameras: 'b', at: String(new Date(2026, 10, 21, 11, 59, 55).getTime()) } })
  })
  test('who may not play back sees the gaps without a way to the pictures', async () => {
    await open(`/storage?part=days&camera=b&day=${new Date(2026, 10, 21).getTime()}`, 'ops')
    expect(wrapper.get('.gaps').text()).toContain('线路中断')
    expect(wrapper.find('.gaps .icon-button').exists()).toBe(false)
  })
  test('a station folds', async () => {
    await open('/storage?part=days')
    await wrapper.get('.line.station .name').trigger('click')
    expect(wrapper.findAll('.line.camera')).toHaveLength(0)
  })
})

describe('R-STORE policies', () => {
  test('are the system administrator’s', async () => {
    await open('/storage?part=policies')
    expect(wrapper.find('[data-tab=policies]').exists()).toBe(false)
    expect(wrapper.find('.figures').exists()).toBe(true)
  })
  test('ticked cameras get what was set; too little room is said before', async () => {
    await open('/storage?part=policies', 'systemAdmin')
    for (const line of wrapper.findAll('.box .line').slice(0, 2)) await line.trigger('click')
    expect(wrapper.get('.dock').text()).toContain('已选 2 路')
    await wrapper.findAll('.dock .option')[1]!.trigger('click')
    await wrapper.findAll('.presets .chip')[2]!.trigger('click')
    await press('.week [role=gridcell][tabindex="0"]', ' ')
    expect(wrapper.get('.need').text()).toContain('空间足够')
    await wrapper.get('.dock input').setValue('300')
    expect(wrapper.get('.need').text()).toContain('空间不够：还差')
    await wrapper.get('.dock input').setValue('400')
    expect(wrapper.get('.dock').text()).toContain('1 到 365 天')
    await wrapper.get('.dock input').setValue('30')
    await wrapper.get('.dock form').trigger('submit')
    await settle()
    const sent = asked.find(({ method }) => method === 'POST')!
    expect(sent).toMatchObject({ path: '/api/recording-policies', body: { cameraIds: ['a', 'b'], mode: 'scheduled', profile: 'main', keepDays: 30 } })
    // nights, and Monday 8 to 9 by the space bar
    expect((sent.body as { schedule: object[] }).schedule.slice(0, 2)).toEqual([
      { fromMinute: 0, toMinute: 360 },
      { fromMinute: 480, toMinute: 540 },
    ])
    expect(wrapper.get('.dock [role=status]').text()).toBe('已保存 2 路，立即生效')
  })
})

describe('R-STORE-1 wired cameras that nobody records', () => {
  test('are told on the overview; the system administrator gets them ticked, and the line goes once they have a policy', async () => {
    await open('/storage', 'systemAdmin')
    // `c` was never set; `b` is recorded, by what the server adds up
    expect(wrapper.get('.unplanned').text()).toContain('1 路有线点位没有录像计划')
    await wrapper.get('.unplanned .text-button').trigger('click')
    await settle()
    expect(router.currentRoute.value.query).toEqual({ part: 'policies' })
    // the list of policies is newer: of `b` there is none any more
    expect(wrapper.get('.dock').text()).toContain('澄桥路口-c')
    expect(wrapper.get('.unplanned').text()).toContain('2 路有线点位没有录像计划')
    await wrapper.get('.unplanned .text-button').trigger('click')
    expect(wrapper.get('.dock').text()).toContain('已选 2 路')
    replies['/api/recording-policies'] = {
      policies: ['a', 'b', 'c'].map((cameraId) => ({ cameraId, mode: 'continuous', schedule: [], profile: 'main', keepDays: 15 })),
    }
    await wrapper.get('.dock form').trigger('submit')
    await settle()
    expect(asked.find(({ method }) => method === 'POST')!.body).toMatchObject({ cameraIds: ['b', 'c'], mode: 'continuous', keepDays: 15 })
    expect(wrapper.find('.unplanned').exists()).toBe(false)
  })
  test('others are told whose it is to set', async () => {
    await open('/storage', 'supervisor')
    expect(wrapper.get('.unplanned').text()).toContain('由系统管理员在「录像策略」中设定')
    expect(wrapper.find('.unplanned button').exists()).toBe(false)
  })
  test('fewer days than the rule asks are said before saving, and saving stays possible', async () => {
    await open('/storage?part=policies', 'systemAdmin')
    await wrapper.findAll('.box .line')[0]!.trigger('click')
    expect(wrapper.get('.dock').text()).not.toContain('规定保存')
    await wrapper.get('.dock input').setValue('14')
    expect(wrapper.get('.dock').text()).toContain('含 1 路有线点位：规定保存不少于 15 天')
    expect(wrapper.get('.dock .save button').attributes('disabled')).toBeUndefined()
    await wrapper.findAll('.dock .option')[2]!.trigger('click') // off
    expect(wrapper.get('.dock').text()).not.toContain('规定保存')
  })
})

describe('R-PLAY-4 locks', () => {
  test('unlocking asks, with the day the range will go', async () => {
    await open('/storage?part=locks')
    expect(text()).toContain('1 段，共 1.2 GB')
    await wrapper.get('tbody button').trigger('click')
    await settle()
    const dialog = document.querySelector<HTMLElement>('[role=alertdialog]')!
    expect(dialog.textContent).toContain('解锁后 12-06 前的这段录像会按期删除')
    dialog.querySelectorAll('button')[1]!.click()
    await settle()
    expect(asked.filter(({ method }) => method === 'DELETE').map(({ path }) => path)).toEqual(['/api/cameras/a/locks/00000000-0000-4000-8000-000000000001'])
  })
  test('who may not download may not unlock', async () => {
    await open('/storage?part=locks', 'dutyOfficer')
    expect(wrapper.get('tbody').text()).toContain('核查')
    expect(wrapper.find('tbody button').exists()).toBe(false)
  })
})

test('English has no Chinese but names and reasons people wrote', async () => {
  useI18n().setLocale('en')
  for (const part of ['overview', 'days', 'policies', 'locks']) {
    await open(`/storage?part=${part}&camera=b&day=${new Date(2026, 10, 21).getTime()}`, 'systemAdmin')
    const line = wrapper.find('.box .line[role=listitem]')
    if (line.exists()) await line.trigger('click')
    const words = [text(), ...wrapper.findAll('[title], [aria-label]').flatMap((each) => [each.attributes('title') ?? '', each.attributes('aria-label') ?? ''])]
    const rest = words.map((each) => each.replaceAll(/澄桥路口|青岚所|核查/g, ''))
    expect(rest.filter((each) => /\p{Script=Han}|storage\.|\{\w+\}/u.test(each))).toEqual([])
    wrapper.unmount()
  }
  await open('/storage')
})
