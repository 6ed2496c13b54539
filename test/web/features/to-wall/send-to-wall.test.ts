/** The button that sends cameras to a wall: at once while there is one, else after a choice; to the tile that was meant (R-WALL-1, R-WALL-4). */
import { flushPromises, mount, type VueWrapper } from '@vue/test-utils'
import { afterEach, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest'
import { createMemoryHistory, createRouter } from 'vue-router'
import { CameraId } from '../../../../server/contract/ids.ts'
import { wallShapes } from '../../../../server/contract/walls.ts'
import { installMessages, useI18n } from '../../../../web/base/i18n.ts'
import { useCameraStore } from '../../../../web/features/cameras/store.ts'
import SendToWall from '../../../../web/features/to-wall/SendToWall.vue'
import { tileHands } from '../../../../web/features/to-wall/tile-hands.ts'
import { openWallLine, type WallLine, type WallMessage, type ShownWall, type WallShow } from '../../../../web/features/to-wall/wall-channel.ts'
import { wallMemory, type WallNumber } from '../../../../web/features/to-wall/wall-memory.ts'
import { emptyWall } from '../../../../web/features/to-wall/wall-state.ts'
import { messages } from '../../../../web/messages.ts'
import { signInAs } from '../../support/sign-in.ts'
import { cameraPoint } from '../cameras/points.ts'

const id = (text: string) => CameraId.parse(text)
let wrapper: VueWrapper
let lines: WallLine[]

beforeAll(() => {
  installMessages(messages)
  useI18n().setLocale('zh')
})
beforeEach(() => {
  lines = []
  wallMemory(1).set(emptyWall(4))
  tileHands(1).forget()
})
afterEach(() => {
  wrapper.unmount()
  for (const line of lines) line.close()
  document.body.innerHTML = ''
})

async function open(props: InstanceType<typeof SendToWall>['$props']) {
  const pinia = signInAs({ permissions: ['camera.see', 'camera.live'], account: 'duty' })
  useCameraStore().byId = new Map(['a', 'b', 'c', 'd', 'x'].map((each) => [id(each), cameraPoint({ id: each, name: `澄桥路-${each}` })]))
  const blank = { render: () => null }
  const router = createRouter({
    history: createMemoryHistory(),
    routes: [
      { path: '/', component: blank },
      { path: '/wall', name: 'wall', component: blank },
    ],
  })
  wrapper = mount(SendToWall, { props, global: { plugins: [pinia, router] }, attachTo: document.body })
  await flushPromises()
}
/** Another window with a wall; what it is sent. */
function openWindow(wall: WallNumber, picture?: ShownWall, shown: Partial<Extract<WallMessage, { type: 'shown' }>> = {}): WallShow[] {
  const asked: WallShow[] = []
  const line = openWallLine(
    () => 'duty',
    (message) => {
      if (message.type === 'who') line.post({ type: 'here', account: 'duty', wall, name: '', tiles: 4, shown: 0, ...(picture && { picture }) })
      if (message.type !== 'show' || message.wall !== wall) return
      asked.push(message)
      const placed = message.cameraIds.map((cameraId, at) => ({ cameraId, tile: message.tile ?? at }))
      line.post({ type: 'shown', account: 'duty', requestId: message.requestId, wall, placed, leftOut: [], ...shown })
    },
  )
  lines.push(line)
  return asked
}
const text = () => document.body.textContent ?? ''
const button = (label: string) => {
  const found = [...document.querySelectorAll('button')].find((each) => (each.getAttribute('aria-label') ?? each.textContent).includes(label))
  if (!found) throw new Error(`no button ${label} in ${text()}`)
  return found
}
const says = (words: string) => vi.waitFor(() => expect(text()).toContain(words), 2_000)

describe('R-WALL-1 with one wall', () => {
  test('a click sends at once; a full wall gives up a tile, and what has gone is named', async () => {
    wallMemory(1).set({ ...emptyWall(4), cameraIds: [id('a'), null, id('c'), id('d')] })
    await open({ cameraIds: [id('x')] })
    button('上墙').click()
    await says('已上墙 1 第 2 格')
    await wrapper.setProps({ cameraIds: [id('b')] })
    button('上墙').click()
    await says('已上墙 1 第 4 格，换下「澄桥路-d」')
    expect(wallMemory(1).state.value.cameraIds).toEqual(['a', 'x', 'c', 'b'])
  })

  test('the arrow beside it shows the wall in small: which tiles are taken, by what, and a click on one is that tile', async () => {
    wallMemory(1).set({ ...emptyWall(4), cameraIds: [id('a'), null, id('c'), id('d')] })
    await open({ cameraIds: [id('x')] })
    button('选格上墙').click()
    await flushPromises()
    const tiles = [...document.querySelectorAll('.tiles .tile')]
    expect(tiles.map((each) => [each.textContent.trim(), each.classList.contains('taken')])).toEqual([
      ['1', true],
      ['2', false],
      ['3', true],
      ['4', true],
    ])
    expect(tiles[1]!.getAttribute('aria-label')).toBe('墙 1 第 2 格，空')
    button('第 3 格，换下「澄桥路-c」').click()
    await says('已上墙 1 第 3 格，换下「澄桥路-c」')
    expect(wallMemory(1).state.value.cameraIds).toEqual(['a', null, 'x', 'd'])
  })
})

describe('R-WALL-4 with several walls', () => {
  test('of a selection larger than any wall, what it holds is sent, and the rest is said to be left out', async () => {
    const asked = openWindow(2, picture)
    const many = Array.from({ length: 600 }, (_, i) => id(`c${i}`))
    await open({ cameraIds: many, how: 'replace', words: '全部上墙' })
    await vi.waitFor(() => {
      button('全部上墙').click()
      return says('墙 2')
    })
    button('墙 2').click()
    await vi.waitFor(() => expect(asked).toHaveLength(1), 2_000)
    expect(asked[0]!.cameraIds).toEqual(many.slice(0, 36))
    await says('564')
  })

  const picture: ShownWall = { shape: wallShapes[6], cameraIds: [id('a'), null, null, null, null, null], isTurning: true }

  test('the key opens the choice as the click does, with the first wall in hand; Esc closes it and sends nothing', async () => {
    const asked = openWindow(2, picture)
    await open({ cameraIds: [id('x')] })
    await vi.waitFor(() => expect(wrapper.findAll('button')).toHaveLength(2))
    await vi.waitFor(() => {
      ;(wrapper.vm as unknown as { use(): void }).use()
      expect(text()).toContain('墙 2')
    })
    await flushPromises()
    expect(document.activeElement?.textContent).toContain('墙 1')
    expect(document.querySelectorAll('.tiles')).toHaveLength(2)
    expect(text()).toContain('轮巡中')
    window.dispatchEvent(new KeyboardEvent('keydown', { key: 'Escape', cancelable: true }))
    await flushPromises()
    expect(document.querySelector('.tiles')).toBeNull()
    expect(asked).toEqual([])
  })

  test('a tile of the other wall: it is told which, and that its rotation gives it up is said', async () => {
    const asked = openWindow(2, picture, { isHeld: true })
    await open({ cameraIds: [id('x')] })
    await vi.waitFor(() => {
      if (!text().includes('墙 2')) button('上墙').click()
      expect(text()).toContain('墙 2')
    })
    await vi.waitFor(() => button('墙 2 第 5 格').click())
    await says('已上墙 2，轮巡让出第 5 格')
    expect(asked).toMatchObject([{ cameraIds: ['x'], how: 'add', tile: 4 }])
  })

  test('a wall that does not say what it shows chooses itself', async () => {
    const asked = openWindow(3)
    await open({ cameraIds: [id('x')] })
    await vi.waitFor(() => {
      if (!text().includes('墙 3')) button('上墙').click()
      expect(document.querySelectorAll('.choice')).toHaveLength(2)
    })
    expect(document.querySelectorAll('.tiles')).toHaveLength(1)
    document.querySelectorAll<HTMLElement>('.choice')[1]!.click()
    await says('已上墙 3 第 1 格')
    expect(asked[0]).not.toHaveProperty('tile')
  })

  test('a whole selection: in this window it is the page’s to do, elsewhere the wall is replaced', async () => {
    await open({ cameraIds: [id('a'), id('b')], how: 'replace', words: '全部上墙' })
    button('全部上墙').click()
    expect(wrapper.emitted('here')).toHaveLength(1)
    const asked = openWindow(2, picture, { leftOut: [id('b')] })
    await vi.waitFor(() => expect(wrapper.findAll('button')).toHaveLength(2), 5_000)
    button('全部上墙').click()
    await flushPromises()
    expect(document.querySelector('.tiles')).toBeNull()
    expect(text()).toContain('本窗口')
    button('墙 1').click()
    expect(wrapper.emitted('here')).toHaveLength(2)
    button('全部上墙').click()
    await flushPromises()
    button('墙 2').click()
    await says('已上墙 2，2 路；1 路放不下')
    expect(asked).toMatchObject([{ cameraIds: ['a', 'b'], how: 'replace' }])
  })
})
