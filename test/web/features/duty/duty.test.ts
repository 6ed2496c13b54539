/** The big screen of the duty room: what it says and in which order, and that its three pictures come back (R-WALL, R-MAP-1). The map itself has its own tests. */
import { flushPromises, mount, type VueWrapper } from '@vue/test-utils'
import { afterEach, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest'
import { createMemoryHistory, createRouter, type Router } from 'vue-router'
import type { CameraPoint } from '../../../../server/contract/cameras.ts'
import type { StatusChange } from '../../../../server/contract/status.ts'
import { installMessages, useI18n } from '../../../../web/base/i18n.ts'
import { useCameraStore } from '../../../../web/features/cameras/store.ts'
import DutyPage from '../../../../web/features/duty/DutyPage.vue'
import { dutyRoutes } from '../../../../web/features/duty/routes.ts'
import LiveTile from '../../../../web/features/live/LiveTile.vue'
import { messages } from '../../../../web/messages.ts'
import { signInAs } from '../../support/sign-in.ts'
import { cameraPoint } from '../cameras/points.ts'

const now = new Date(2026, 10, 22, 19, 42, 8).getTime()
let wrapper: VueWrapper
let router: Router

beforeAll(() => {
  installMessages(messages)
  useI18n().setLocale('zh')
})
beforeEach(() => {
  vi.useFakeTimers({ now })
  localStorage.clear()
})
afterEach(() => {
  wrapper.unmount()
  vi.useRealTimers()
})

async function open({
  address = '/duty',
  cameras,
  changes = [],
  permissions = ['camera.see', 'camera.live'],
}: {
  address?: string
  cameras: CameraPoint[]
  changes?: StatusChange[]
  permissions?: string[]
}) {
  const pinia = signInAs({ permissions })
  const store = useCameraStore()
  store.byId = new Map(cameras.map((camera) => [camera.cameraId, camera]))
  store.recentChanges = changes
  store.isLoaded = true
  router = createRouter({
    history: createMemoryHistory(),
    routes: [...dutyRoutes.map((route) => ({ ...route, path: '/duty' })), { path: '/map', name: 'map', component: { render: () => null } }],
  })
  await router.push(address)
  wrapper = mount(DutyPage, { global: { plugins: [pinia, router], stubs: { LiveTile: true } }, attachTo: document.body })
  await flushPromises()
}
const lines = (list: '.needs' | '.changes') => wrapper.findAll(`${list} .line`).map((line) => line.text().replaceAll(/\s+/g, ' '))
const pinned = () => wrapper.findAllComponents(LiveTile).map((tile) => tile.props('camera').cameraId)

describe('R-MAP-1 the overview', () => {
  test('names the worst first, with cause and time, and says how many more there are', async () => {
    const bad = ['a', 'b', 'c', 'd'].map((id, i) => cameraPoint({ id, status: 'degraded', cause: 'frozen', sinceAt: now - (i + 1) * 60_000 }))
    await open({ cameras: [cameraPoint({ id: 'well' }), ...bad, cameraPoint({ id: 'x', status: 'offline', cause: 'unreachable', sinceAt: now - 3 * 60_000 })] })
    expect(lines('.needs')).toHaveLength(4)
    expect(lines('.needs')[0]).toMatch(/点位-x.*3分$/)
    expect(lines('.needs')[1]).toMatch(/点位-a.*1分$/)
    expect(wrapper.get('.needs h2').text()).toContain('另有 1 项')
    expect(wrapper.findAll('.count').map((count) => count.get('b').text())).toEqual(['1', '4', '1', '0', '0'])
  })

  test('is calm when there is nothing', async () => {
    await open({ cameras: [cameraPoint({ id: 'a' })] })
    expect(wrapper.get('.needs').text()).toContain('全部正常')
    expect(lines('.needs')).toEqual([])
  })

  test('one outage of a switch is one line of the newest changes', async () => {
    const change = (id: string, at: number): StatusChange => ({
      cameraId: cameraPoint({ id }).cameraId,
      name: id,
      from: 'online',
      to: 'offline',
      cause: 'unreachable',
      at,
      lastedMs: 1,
    })
    await open({ cameras: [cameraPoint({ id: 'a' })], changes: [change('b', now - 1000), change('a', now - 2000)] })
    expect(lines('.changes')).toHaveLength(1)
    expect(lines('.changes')[0]).toContain('2 路 离线')
  })
})

describe('R-WALL the three pinned pictures', () => {
  const cameras = ['a', 'b', 'c'].map((id) => cameraPoint({ id }))

  test('stand where the address puts them', async () => {
    await open({ address: '/duty?pins=b,,a', cameras })
    expect(pinned()).toEqual(['b', 'a'])
    expect(wrapper.findAll('.choose.is-empty')).toHaveLength(1)
  })

  test('are chosen once and come back at this screen without an address', async () => {
    await open({ cameras })
    await wrapper.findAll('.choose button')[1]!.trigger('click')
    await vi.advanceTimersByTimeAsync(300)
    await flushPromises()
    document.querySelector<HTMLElement>('#chooser-camera-b')!.click()
    await flushPromises()
    expect(router.currentRoute.value.query).toEqual({ pins: ',b,' })
    wrapper.unmount()
    await open({ cameras })
    expect(pinned()).toEqual(['b'])
    await wrapper.get('[aria-label="取消固定"]').trigger('click')
    await flushPromises()
    expect(pinned()).toEqual([])
  })

  test('a camera that may not be seen any more says so', async () => {
    await open({ address: '/duty?pins=gone,,', cameras })
    expect(wrapper.get('.pins').text()).toContain('固定的点位已不可见')
  })

  test('an account without live pictures is told whom to ask', async () => {
    await open({ address: '/duty?pins=a,,', cameras, permissions: ['camera.see'] })
    expect(pinned()).toEqual([])
    expect(wrapper.get('.pins').text()).toContain('安全管理员')
  })
})
