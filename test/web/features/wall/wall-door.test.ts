/** One wall number, one window; and walls that come back after a power cut (R-WALL-1, R-WALL-4). */
import { flushPromises, mount, type VueWrapper } from '@vue/test-utils'
import { afterEach, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest'
import { createMemoryHistory, createRouter, type Router } from 'vue-router'
import type { CameraId } from '../../../../server/contract/ids.ts'
import { installMessages, useI18n } from '../../../../web/base/i18n.ts'
import { setPreferenceAccount } from '../../../../web/base/preference.ts'
import { noteOpenWall } from '../../../../web/features/to-wall/open-walls.ts'
import { openWallLine, type WallLine, type WallMessage } from '../../../../web/features/to-wall/wall-channel.ts'
import { wallMemory, type WallNumber } from '../../../../web/features/to-wall/wall-memory.ts'
import { emptyWall } from '../../../../web/features/to-wall/wall-state.ts'
import WallReopen from '../../../../web/features/to-wall/WallReopen.vue'
import { wallRoutes } from '../../../../web/features/wall/routes.ts'
import WallDoor from '../../../../web/features/wall/WallDoor.vue'
import { messages } from '../../../../web/messages.ts'
import { signInAs } from '../../support/sign-in.ts'

let wrapper: VueWrapper | undefined
let router: Router
let lines: WallLine[]

beforeAll(() => {
  installMessages(messages)
  useI18n().setLocale('zh')
})
beforeEach(() => {
  lines = []
  setPreferenceAccount('D-017')
  vi.stubGlobal('fetch', async () => Response.json([]))
})
afterEach(() => {
  wrapper?.unmount()
  wrapper = undefined
  for (const line of lines) line.close()
  localStorage.clear()
  setPreferenceAccount('')
  vi.useRealTimers()
  vi.unstubAllGlobals()
})

/** Another window of this browser that has a wall. */
function openOther(wall: WallNumber, takenAt = 1) {
  const heard: WallMessage[] = []
  let isThere = true
  const sayHere = () => line.post({ type: 'here', account: 'D-017', wall, name: '', tiles: 4, shown: 0, holderId: 'other', takenAt })
  const line = openWallLine(
    () => 'D-017',
    (message) => {
      heard.push(message)
      if (message.type === 'take' && message.wall === wall) isThere = false
      if (message.type === 'who' && isThere) sayHere()
    },
  )
  lines.push(line)
  return { heard, sayHere, line, leave: () => (isThere = false) }
}

async function open(address = '/wall', permissions = ['camera.see', 'camera.live']) {
  const pinia = signInAs({ permissions })
  router = createRouter({
    history: createMemoryHistory(),
    routes: [...wallRoutes.map((route) => ({ ...route, path: '/wall' })), { path: '/map', name: 'map', component: { render: () => null } }],
  })
  await router.push(address)
  wrapper = mount(WallDoor, {
    global: {
      plugins: [pinia, router],
      stubs: { WallPage: { props: ['claim'], template: '<div class="wall-page">{{ claim.holderId }} {{ claim.takenAt }}</div>' } },
    },
  })
}
const untilShown = (words: string) => vi.waitFor(() => expect(wrapper!.text()).toContain(words), 3_000)
const untilMine = () => vi.waitFor(() => expect(wrapper!.find('.wall-page').exists()).toBe(true), 3_000)
const press = (words: string) =>
  wrapper!
    .findAll('button')
    .find((each) => each.text() === words)!
    .trigger('click')

describe('R-WALL-4 one number, one window', () => {
  test('a free number opens at once, with what another window kept of it meanwhile', async () => {
    wallMemory(1).set(emptyWall(4))
    const kept = { ...emptyWall(1), cameraIds: ['z' as CameraId] }
    localStorage.setItem('mapwall:D-017:wall', JSON.stringify(kept))
    await open()
    expect(wrapper!.find('.wall-page').exists()).toBe(false)
    await untilMine()
    expect(wallMemory(1).state.value).toEqual(kept)
  })

  test('one that is taken is not opened; it says so and offers the first free number', async () => {
    const other = openOther(1)
    openOther(2)
    await open()
    await untilShown('墙 1 已在另一个窗口打开')
    expect(wrapper!.find('.wall-page').exists()).toBe(false)
    await untilShown('作为墙 3 打开')
    expect(wrapper!.get('a.button').attributes('href')).toBe('/wall?window=3')
    await new Promise((resolve) => setTimeout(resolve, 300))
    expect(wrapper!.find('.wall-page').exists()).toBe(false)
    expect(other.heard.some(({ type }) => type === 'take')).toBe(false)
  })

  test('an unattended screen opens by itself when the other window goes', async () => {
    const other = openOther(1)
    await open()
    await untilShown('墙 1 已在另一个窗口打开')
    other.leave()
    other.line.post({ type: 'gone', account: 'D-017', wall: 2 })
    await new Promise((resolve) => setTimeout(resolve, 300))
    expect(wrapper!.find('.wall-page').exists()).toBe(false)
    other.line.post({ type: 'gone', account: 'D-017', wall: 1 })
    await untilMine()
  })

  test('brought here, the other one is told to give it up, and this one opens', async () => {
    const other = openOther(1)
    await open()
    await untilShown('搬到这里')
    await press('搬到这里')
    await untilMine()
    expect(other.heard.filter(({ type }) => type === 'take')).toEqual([{ type: 'take', account: 'D-017', wall: 1 }])
  })

  test('taken away, it gives its number up, says so, and can be brought back', async () => {
    await open()
    await untilMine()
    const other = openOther(1)
    other.line.post({ type: 'take', account: 'D-017', wall: 2 })
    other.line.post({ type: 'take', account: 'somebody else', wall: 1 })
    await new Promise((resolve) => setTimeout(resolve, 50))
    expect(wrapper!.find('.wall-page').exists()).toBe(true)
    other.line.post({ type: 'take', account: 'D-017', wall: 1 })
    await untilShown('墙 1 已搬到另一个窗口')
    expect(wrapper!.find('.wall-page').exists()).toBe(false)
    await press('搬回这里')
    await untilMine()
  })

  test('two that were opened in the same moment: the later one keeps it', async () => {
    await open()
    await untilMine()
    openOther(1, Date.now() - 60_000).sayHere()
    await new Promise((resolve) => setTimeout(resolve, 50))
    expect(wrapper!.find('.wall-page').exists()).toBe(true)
    openOther(1, Date.now() + 1_000).sayHere()
    await untilShown('墙 1 已搬到另一个窗口')
  })

  test('the wall says by what it has its number', async () => {
    await open()
    await untilMine()
    const [holderId, takenAt] = wrapper!.get('.wall-page').text().split(' ')
    expect(holderId).not.toBe('')
    expect(Math.abs(Date.now() - Number(takenAt))).toBeLessThan(5_000)
  })

  test('who has no wall is told by the page, whoever has the number', async () => {
    openOther(1)
    await open('/wall', ['camera.see'])
    await vi.waitFor(() => expect(wrapper!.find('.wall-page').exists()).toBe(true))
  })
})

describe('R-WALL-1 walls that had a window, after a power cut', () => {
  function mountReopen() {
    const pinia = signInAs({ permissions: ['camera.see', 'camera.live'] })
    wrapper = mount(WallReopen, { global: { plugins: [pinia] } })
  }
  const remembered = () => JSON.parse(localStorage.getItem('mapwall:D-017:walls.open') ?? '[]') as number[]

  test('a window notes its number; those without a window are offered by name, those that are there are not', async () => {
    for (const wall of [2, 3, 4] as const) noteOpenWall(wall)
    noteOpenWall(1)
    expect(remembered()).toEqual([2, 3, 4])
    openOther(3)
    mountReopen()
    await untilShown('重新打开墙 2、4')
  })

  test('one click opens them; what the browser blocks stays offered, and says so', async () => {
    noteOpenWall(2)
    noteOpenWall(3)
    const opened: string[] = []
    vi.stubGlobal('open', (url: string) => (opened.push(url), opened.length === 1 ? {} : null))
    mountReopen()
    await untilShown('重新打开墙 2、3')
    await press('重新打开墙 2、3')
    expect(opened).toEqual(['/wall?window=2', '/wall?window=3'])
    await untilShown('重新打开墙 3')
    expect(wrapper!.text()).toContain('浏览器拦住了窗口')
    await wrapper!.get('.icon-button').trigger('click')
    await flushPromises()
    expect(wrapper!.find('.reopen').exists()).toBe(false)
    expect(remembered()).toEqual([2])
  })

  test('one that is closed by hand while another page is there is forgotten; one that is only reloaded is not', async () => {
    vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval', 'performance', 'setTimeout', 'clearTimeout'] })
    const real = setImmediate
    const settle = async (ms: number) => {
      for (let passed = 0; passed < ms; passed += 500) {
        await vi.advanceTimersByTimeAsync(500)
        for (let i = 0; i < 5; i++) await new Promise((resolve) => real(resolve)) // messages between windows
      }
    }
    const other = openOther(2)
    mountReopen()
    await settle(6_000)
    expect(remembered()).toEqual([2])
    other.leave()
    other.line.post({ type: 'gone', account: 'D-017', wall: 2 })
    await settle(5_000)
    expect([remembered(), wrapper!.find('.reopen').exists()]).toEqual([[2], false])
    await settle(15_000)
    expect([remembered(), wrapper!.find('.reopen').exists()]).toEqual([[], false])
  })
})
