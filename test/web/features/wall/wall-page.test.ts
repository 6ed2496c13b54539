/** The page without pictures: what clicks, keys, other windows and the memory of this screen do to the wall (R-WALL). The browser test has the pictures. */
import { flushPromises, mount, type VueWrapper } from '@vue/test-utils'
import { afterEach, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest'
import { createMemoryHistory, createRouter, type Router } from 'vue-router'
import type { CameraId } from '../../../../server/contract/ids.ts'
import { type SaveLayout, type WallLayout, type WallRotation, wallShapes } from '../../../../server/contract/walls.ts'
import { installMessages, useI18n } from '../../../../web/base/i18n.ts'
import { setPreferenceAccount } from '../../../../web/base/preference.ts'
import { useCameraStore } from '../../../../web/features/cameras/store.ts'
import { emptyWall, heldTiles, type WallState } from '../../../../web/features/to-wall/wall-state.ts'
import { tileHands } from '../../../../web/features/to-wall/tile-hands.ts'
import { wallMemory } from '../../../../web/features/to-wall/wall-memory.ts'
import { wallRoutes } from '../../../../web/features/wall/routes.ts'
import WallPage from '../../../../web/features/wall/WallPage.vue'
import WallPicture from '../../../../web/features/wall/WallPicture.vue'
import { messages } from '../../../../web/messages.ts'
import { signInAs } from '../../support/sign-in.ts'
import { cameraPoint } from '../cameras/points.ts'

const layout = (rest: Partial<WallLayout> = {}): WallLayout => ({
  layoutId: '8d4f4f0e-6a9f-4b4e-9a53-0d6d6f0c1a11',
  name: '夜间重点 4',
  sharedWith: ['dutyOfficer'],
  shape: wallShapes[4],
  cameraIds: ['a', 'b', null, 'c'] as CameraId[],
  hiddenCount: 0,
  isMine: true,
  owner: 'D-017',
  updatedAt: 0,
  ...rest,
})
let layouts: WallLayout[]
let rotations: WallRotation[]
const rotation = (rest: Partial<WallRotation> = {}): WallRotation => ({
  rotationId: '8d4f4f0e-6a9f-4b4e-9a53-0d6d6f0c1a21',
  name: '夜间巡查',
  sharedWith: [],
  steps: { kind: 'cameras', cameraIds: ['a', 'b', 'c', 'd', 'e', 'f'] as CameraId[] },
  dwellMs: 20_000,
  onOffline: 'skip',
  hiddenCount: 0,
  isMine: true,
  owner: 'D-017',
  updatedAt: 0,
  ...rest,
})
/** A wall of four that turns, all tiles taken. */
const turning = (rest: Partial<WallState> = {}): WallState => ({
  ...emptyWall(4),
  cameraIds: ['a', 'b', 'c', 'd'] as CameraId[],
  rotation: { rotationId: rotation().rotationId, isPaused: false, cursor: 4 },
  ...rest,
})
let asked: { method: string; path: string; body: unknown }[]
let wrapper: VueWrapper
let router: Router

beforeAll(() => {
  installMessages(messages)
  useI18n().setLocale('zh')
})
beforeEach(() => {
  vi.useFakeTimers()
  vi.stubGlobal('requestAnimationFrame', () => 0)
  vi.stubGlobal('cancelAnimationFrame', () => undefined)
  asked = []
  layouts = [layout()]
  rotations = []
  wallMemory(1).set(emptyWall(4))
  tileHands(1).forget()
  vi.stubGlobal('fetch', async (url: string, init?: RequestInit) => {
    const path = url.split('?')[0]!
    const body = init?.body ? (JSON.parse(init.body as string) as SaveLayout) : undefined
    asked.push({ method: init?.method ?? 'GET', path, body })
    if (path === '/api/wall-rotations') return Response.json(rotations)
    if (init?.method === 'GET') return Response.json(path === '/api/wall-layouts' ? layouts : {})
    if (init?.method === 'DELETE') return Response.json({})
    return Response.json(
      layout({ ...body, layoutId: init?.method === 'PUT' ? layouts[0]!.layoutId : '8d4f4f0e-6a9f-4b4e-9a53-0d6d6f0c1a12' } as Partial<WallLayout>),
    )
  })
})
afterEach(() => {
  wrapper.unmount()
  vi.useRealTimers()
  vi.unstubAllGlobals()
})

async function open(address = '/wall', permissions = ['camera.see', 'camera.live', 'camera.playback'], props = {}) {
  const pinia = signInAs({ permissions })
  const store = useCameraStore()
  store.byId = new Map(['a', 'b', 'c', 'd', 'e', 'f'].map((id) => [id as CameraId, cameraPoint({ id, name: `澄桥路-${id}` })]))
  store.stations = new Map([['s1', { stationId: 's1', name: '青岚派出所', shortName: '青岚所' }]]) as never
  store.isLoaded = true
  router = createRouter({
    history: createMemoryHistory(),
    routes: [
      ...wallRoutes.map((route) => ({ ...route, path: '/wall' })),
      ...['map', 'playback'].map((name) => ({ path: `/${name}`, name, component: { render: () => null } })),
    ],
  })
  await router.push(address)
  wrapper = mount(WallPage, { props, global: { plugins: [pinia, router], stubs: { WallPicture: true } }, attachTo: document.body })
  await settle()
}
const settle = async (ms = 0) => {
  if (vi.isFakeTimers()) await vi.advanceTimersByTimeAsync(ms)
  await flushPromises()
}
const tiles = () => wallMemory(1).state.value.cameraIds
const press = async (key: string) => {
  window.dispatchEvent(new KeyboardEvent('keydown', { key }))
  await settle()
}
const openTab = async (words: string) => {
  await wrapper
    .findAll('[role=tab]')
    .find((each) => each.text() === words)!
    .trigger('click')
  await settle()
}
const focusedTile = () => wrapper.findAll('.place.focused').map((place) => Number(place.attributes('data-tile')) + 1)[0] ?? null
async function openStation() {
  await wrapper.get('.station').trigger('click')
}
const clickCamera = (id: string) => wrapper.get(`.rows .camera[data-camera="${id}"]`).trigger('click')
const drag = async (from: string, to: string) => {
  const dataTransfer = new DataTransfer()
  const fire = async (selector: string, type: string) => {
    const event = new Event(type, { bubbles: true, cancelable: true })
    Object.assign(event, { dataTransfer })
    wrapper.get(selector).element.dispatchEvent(event)
    await settle()
  }
  await fire(from, 'dragstart')
  await fire(to, 'dragover')
  await fire(to, 'drop')
}

describe('R-WALL-1 cameras come onto the wall', () => {
  test('a click in the tree fills the next free tile; one that is shown is found', async () => {
    await open()
    await openStation()
    await clickCamera('a')
    await clickCamera('b')
    expect(tiles()).toEqual(['a', 'b', null, null])
    expect(wrapper.get('.rows .camera[data-camera="b"]').text()).toContain('第 2 格')
    await clickCamera('b')
    expect(tiles()).toEqual(['a', 'b', null, null])
    expect(focusedTile()).toBe(2)
    expect(wrapper.findAllComponents(WallPicture)).toHaveLength(2)
  })

  test('with a chosen empty tile they go there, and the next one after it', async () => {
    await open()
    await openStation()
    await press('3')
    await clickCamera('a')
    await clickCamera('b')
    expect(tiles()).toEqual([null, null, 'a', 'b'])
  })

  test('a full wall replaces what is chosen, and says so when nothing is', async () => {
    layouts = [layout({ cameraIds: ['a', 'b', 'c', 'd'] as CameraId[] })]
    wallMemory(1).set({ ...emptyWall(4), cameraIds: ['a', 'b', 'c', 'd'] as CameraId[] })
    await open()
    await openStation()
    await clickCamera('e')
    expect(tiles()).toEqual(['a', 'b', 'c', 'd'])
    expect(wrapper.get('.bar').text()).toContain('没有空格')
    await press('2')
    await clickCamera('e')
    expect(tiles()).toEqual(['a', 'e', 'c', 'd'])
  })

  test('a chosen tile that shows something is left alone while there is room', async () => {
    wallMemory(1).set({ ...emptyWall(4), cameraIds: ['a', 'b', null, null] as CameraId[] })
    await open()
    await openStation()
    await press('1')
    await clickCamera('e')
    expect(tiles()).toEqual(['a', 'b', 'e', null])
  })

  test('an address of cameras takes the shape that fits, once, and can be undone', async () => {
    wallMemory(1).set({ ...emptyWall(4), cameraIds: ['a', null, null, null] as CameraId[] })
    await open('/wall?cameras=a,b,c,d,e')
    expect(tiles()).toEqual(['a', 'b', 'c', 'd', 'e', null])
    expect(router.currentRoute.value.fullPath).toBe('/wall')
  })

  test('a whole station at once', async () => {
    await open()
    await wrapper.get('.station .all').trigger('click')
    expect(tiles()).toEqual(['a', 'b', 'c', 'd', 'e', 'f'])
  })

  test('dragged from the tree into a tile, from tile to tile, and out of the wall', async () => {
    await open()
    await openStation()
    await drag('.rows .camera[data-camera="c"]', '.place[data-tile="2"]')
    expect(tiles()).toEqual([null, null, 'c', null])
    await drag('.rows .camera[data-camera="d"]', '.spot[data-tile="2"]')
    expect(tiles()).toEqual([null, null, 'd', null])
    await drag('.rows .camera[data-camera="c"]', '.place[data-tile="0"]')
    await drag('.spot[data-tile="2"]', '.spot[data-tile="0"]')
    expect(tiles()).toEqual(['d', null, 'c', null])
    await drag('.spot[data-tile="2"]', '.drawer')
    expect(tiles()).toEqual(['d', null, null, null])
  })
})

describe('R-WALL-1 keys', () => {
  test('digits and arrows choose, Enter enlarges, Esc goes back step by step, Del empties', async () => {
    wallMemory(1).set({
      ...emptyWall(16),
      cameraIds: emptyWall(16).cameraIds.map((_, i) => (i < 12 ? (['a', 'b', 'c', 'd', 'e', 'f'][i % 6] as CameraId) : null)),
    })
    await open()
    await press('1')
    await press('2')
    expect(focusedTile()).toBe(12)
    await press('ArrowUp')
    expect(focusedTile()).toBe(8)
    await press('Enter')
    expect(wrapper.findAll('.spot.large')).toHaveLength(1)
    await press('Escape')
    expect(wrapper.findAll('.spot.large')).toHaveLength(0)
    expect(focusedTile()).toBe(8)
    await press('Delete')
    expect(tiles()[7]).toBeNull()
    await press('Escape')
    expect(focusedTile()).toBeNull()
  })
})

describe('R-WALL-1 layouts', () => {
  const tab = async (name: string) => {
    await wrapper
      .findAll('[role=tab]')
      .find((each) => each.text() === name)!
      .trigger('click')
    await settle()
  }

  test('a click opens one; what differs from it is marked, and saved over it', async () => {
    await open()
    await tab('布局')
    expect(wrapper.get('.node.two').text()).toContain('4 格 · 3 路')
    await wrapper.get('.node.two').trigger('click')
    expect(tiles()).toEqual(['a', 'b', null, 'c'])
    expect(wrapper.get('.bar h1').text()).toBe('夜间重点 4')
    expect(wrapper.find('.unsaved').exists()).toBe(false)
    await press('1')
    await press('Delete')
    expect(wrapper.get('.unsaved').text()).toBe('未保存')
    await wrapper.get('.bar .button[title="保存"]').trigger('click')
    await settle()
    document.querySelector<HTMLFormElement>('.dialog')!.dispatchEvent(new Event('submit', { cancelable: true }))
    await settle()
    expect(asked.at(-1)).toMatchObject({ method: 'PUT', body: { name: '夜间重点 4', cameraIds: [null, 'b', null, 'c'], sharedWith: ['dutyOfficer'] } })
    expect(wrapper.find('.unsaved').exists()).toBe(false)
  })

  test('without the server the list says why and tries again', async () => {
    vi.stubGlobal('fetch', async () => Response.json({ code: 'database_unavailable', detail: '', requestId: 'r1' }, { status: 503 }))
    await open()
    await tab('布局')
    expect(wrapper.get('.drawer [role=alert]').text()).toContain('没有读到')
  })

  test('a rotation that cannot be read at the start says why, and is read by itself when the server is back', async () => {
    const rotationId = '8d4f4f0e-6a9f-4b4e-9a53-0d6d6f0c1a13'
    wallMemory(1).set({ ...emptyWall(4), rotation: { rotationId, isPaused: false, cursor: 0 } })
    const answer = fetch
    vi.stubGlobal('fetch', async () => Response.json({ code: 'database_unavailable', detail: '', requestId: 'r1' }, { status: 503 }))
    await open()
    expect(wrapper.get('.bar .turn').text()).toContain('没有读到轮巡')
    vi.stubGlobal('fetch', answer)
    await settle(1_000)
    // it is not there any more: stopped, and said
    expect(wrapper.find('.bar .turn').exists()).toBe(false)
    expect(wrapper.get('.bar').text()).toContain('轮巡已删除或不再共享')
  })

  test('another shape keeps the cameras', async () => {
    wallMemory(1).set({ ...emptyWall(4), cameraIds: ['a', 'b', 'c', 'd'] as CameraId[] })
    await open()
    await wrapper
      .findAll('.shapes button')
      .find((each) => each.text() === '9')!
      .trigger('click')
    expect(tiles()).toEqual(['a', 'b', 'c', 'd', null, null, null, null, null])
  })
})

describe('R-WALL-1 the same screen returns', () => {
  test('the wall of this screen and account is there again, in any tab opened later', async () => {
    setPreferenceAccount('D-017')
    await open()
    await openStation()
    await clickCamera('c')
    const mine = tiles()
    expect(mine[0]).toBe('c')
    wrapper.unmount()
    setPreferenceAccount('other')
    await open()
    expect(tiles()).not.toContain('c') // nobody is handed the wall, or the running rotation, of who sat here before
    wrapper.unmount()
    setPreferenceAccount('D-017')
    await open()
    expect(tiles()).toEqual(mine)
    setPreferenceAccount('')
  })
})

describe('R-WALL-4 driven from another window', () => {
  test('says that it is there, shows what is sent, and says goodbye', async () => {
    vi.useRealTimers()
    vi.stubGlobal('requestAnimationFrame', () => 0)
    vi.stubGlobal('cancelAnimationFrame', () => undefined)
    const heard: { type: string }[] = []
    const line = new BroadcastChannel('mapwall:walls')
    line.onmessage = ({ data }) => heard.push(data as { type: string })
    await open('/wall', undefined, { claim: { holderId: 'this-window', takenAt: 5 } })
    line.postMessage({ type: 'who', account: 'D-017' })
    line.postMessage({ type: 'show', account: 'somebody else', requestId: 'r0', wall: 1, cameraIds: ['e'], how: 'add' })
    line.postMessage({ type: 'show', account: 'D-017', requestId: 'r1', wall: 1, cameraIds: ['d', 'e'], how: 'add' })
    await vi.waitFor(() => expect(heard.map(({ type }) => type)).toContain('shown'))
    expect(tiles()).toEqual(['d', 'e', null, null])
    expect(heard.find(({ type }) => type === 'here')).toMatchObject({ wall: 1, holderId: 'this-window', takenAt: 5 })
    expect(heard.find(({ type }) => type === 'shown')).toMatchObject({
      requestId: 'r1',
      placed: [
        { cameraId: 'd', tile: 0 },
        { cameraId: 'e', tile: 1 },
      ],
      leftOut: [],
    })
    wrapper.unmount()
    await vi.waitFor(() => expect(heard.at(-1)).toMatchObject({ type: 'gone', wall: 1 }))
    line.close()
    await open()
  })
})

describe('R-WALL-2 a hand on a wall that turns', () => {
  const held = () => heldTiles(wallMemory(1).state.value).map((tile) => tile + 1)
  /** Pictures never come here: the next step shows them all the same after its limit. */
  const nextStep = () => settle(20_000 + 12_000)
  async function send(cameraId: string, tile?: number) {
    const line = new BroadcastChannel('mapwall:walls')
    const answered = new Promise<unknown>((resolve) => {
      line.onmessage = ({ data }) => (data as { type: string }).type === 'shown' && resolve(data)
    })
    line.postMessage({ type: 'show', account: 'D-017', requestId: 'r1', wall: 1, cameraIds: [cameraId], how: 'add', ...(tile !== undefined && { tile }) })
    const answer = await answered
    line.close()
    await settle()
    return answer
  }
  beforeEach(() => {
    rotations = [rotation()]
    wallMemory(1).set(turning())
  })

  test('a camera dropped on a tile stays over the next steps, until Esc gives the tile back', async () => {
    await open()
    await openStation()
    await drag('.rows .camera[data-camera="f"]', '.spot[data-tile="1"]')
    expect(tiles()[1]).toBe('f')
    expect(held()).toEqual([2])
    expect(wrapper.get('.bar').text()).toContain('轮巡让出第 2 格')
    expect(wrapper.get('.spot.held').attributes('data-camera')).toBe('f')
    await nextStep()
    await nextStep()
    expect(tiles()[1]).toBe('f')
    expect(tiles().filter((each) => each === 'f')).toHaveLength(1)
    expect(wallMemory(1).state.value.rotation).not.toBeNull()
    await press('Escape')
    expect(held()).toEqual([])
    expect(wrapper.get('.bar').text()).not.toContain('让出')
  })

  test('after five minutes without a hand it goes back by itself', async () => {
    await open()
    await openStation()
    await drag('.rows .camera[data-camera="f"]', '.spot[data-tile="1"]')
    const nowMs = performance.now.bind(performance)
    let aheadMs = 290_000
    const clock = vi.spyOn(performance, 'now').mockImplementation(() => nowMs() + aheadMs)
    await settle(1_000)
    expect(held()).toEqual([2])
    aheadMs = 301_000
    await settle(1_000)
    expect(held()).toEqual([])
    clock.mockRestore()
  })

  test('a camera sent from another window takes the tile that was longest without a hand, or the one that was chosen there', async () => {
    await open()
    await press('4')
    await press('Escape')
    expect(await send('e')).toMatchObject({ placed: [{ cameraId: 'e', tile: 2 }], leftOut: [], replaced: ['c'], isHeld: true })
    expect(tiles()).toEqual(['a', 'b', 'e', 'd'])
    expect(wrapper.get('.bar').text()).toContain('轮巡让出第 3 格')
    expect(wrapper.get('.bar').text()).toContain('第 3 格换下「澄桥路-c」')
    expect(await send('f', 0)).toMatchObject({ placed: [{ cameraId: 'f', tile: 0 }], replaced: ['a'] })
    expect(held()).toEqual([1, 3])
    expect(wallMemory(1).state.value.rotation).not.toBeNull()
  })

  test('a wall that does not turn takes it as well, and never the chosen tile', async () => {
    wallMemory(1).set(turning({ rotation: null }))
    await open()
    await press('4')
    expect(await send('e')).toMatchObject({ placed: [{ cameraId: 'e', tile: 2 }], replaced: ['c'], isHeld: false })
    expect(held()).toEqual([])
  })

  test('with every tile chosen or held the bar says which, and what gives them back', async () => {
    wallMemory(1).set(turning({ ...emptyWall(1), cameraIds: ['a'] as CameraId[], rotation: { ...turning().rotation!, cursor: 1 } }))
    await open()
    await press('1')
    await nextStep()
    expect(wrapper.get('.turn').text()).toBe('第 1 格由人占用，按 Esc 归还')
    expect(tiles()).toEqual(['a'])
  })

  test('what a rotation shows is never saved over the layout that was open, and as it was when it was asked for', async () => {
    wallMemory(1).set({ ...emptyWall(4), cameraIds: [...layout().cameraIds], layoutId: layout().layoutId })
    await open()
    await openTab('轮巡')
    await wrapper.get('.node.two .icon-button').trigger('click')
    await settle()
    expect(wallMemory(1).state.value).toMatchObject({ layoutId: null, rotation: { rotationId: rotation().rotationId } })
    await nextStep()
    const shown = tiles()
    await wrapper.get('.bar .button[title="保存"]').trigger('click')
    await nextStep()
    expect(tiles()).not.toEqual(shown)
    const input = document.querySelector<HTMLInputElement>('.dialog .field')!
    expect(input.value).toBe('')
    expect(document.querySelector('.dialog')!.textContent).not.toContain('另存')
    input.value = '此刻'
    input.dispatchEvent(new Event('input'))
    document.querySelector<HTMLFormElement>('.dialog')!.dispatchEvent(new Event('submit', { cancelable: true }))
    await settle()
    expect(asked.findLast(({ method }) => method !== 'GET')).toMatchObject({
      method: 'POST',
      path: '/api/wall-layouts',
      body: { name: '此刻', cameraIds: shown },
    })
    expect(wallMemory(1).state.value.rotation).not.toBeNull()
  })
})

describe('what is not saved says why, with the number that counts', () => {
  /** Whatever is saved is one too many. */
  function refuseAll() {
    const answer = fetch
    vi.stubGlobal('fetch', async (url: string, init?: RequestInit) =>
      init?.method === 'POST' || init?.method === 'PUT' ? Response.json({ code: 'conflict', detail: '', requestId: 'r1' }, { status: 409 }) : answer(url, init),
    )
  }
  const submit = async (selector: string) => {
    document.querySelector<HTMLFormElement>(selector)!.dispatchEvent(new Event('submit', { cancelable: true }))
    await settle()
    return document.querySelector(`${selector} [role=alert]`)!.textContent
  }

  test('a layout too many', async () => {
    await open()
    refuseAll()
    await wrapper.get('.bar .button[title="保存"]').trigger('click')
    await settle()
    const input = document.querySelector<HTMLInputElement>('.dialog .field')!
    input.value = '夜间重点 4'
    input.dispatchEvent(new Event('input'))
    expect(await submit('.dialog')).toBe('没有保存：已有 200 个布局，先删掉不用的')
  })

  test('a rotation that is too long with the cameras its owner does not see', async () => {
    rotations = [rotation({ hiddenCount: 12 })]
    await open()
    refuseAll()
    await openTab('轮巡')
    await wrapper.get('.node.two [aria-label="修改轮巡"]').trigger('click')
    await settle()
    expect(await submit('.editor')).toBe('没有保存：加上无权查看的 12 路，超过 500 路')
  })
})

describe('R-WALL who has no wall', () => {
  test('without the right it says so', async () => {
    await open('/wall', ['camera.see'])
    expect(wrapper.text()).toContain('没有实时画面的权限')
    expect(wrapper.find('.grid').exists()).toBe(false)
  })
})

describe('R-WALL-2 the editor', () => {
  test.each([2, 0, 1])('closes and leaves nothing over the wall, whatever kind was chosen (%i)', async (kind) => {
    await open()
    await openTab('轮巡')
    await wrapper.get('.drawer .tools .button').trigger('click')
    await settle()
    document.querySelectorAll<HTMLElement>('.editor .what .option')[kind]!.click()
    await settle()
    document.querySelector<HTMLElement>('.editor header .icon-button')!.click()
    await settle(2_000)
    expect(document.querySelector('.editor')).toBeNull()
    expect(document.querySelector('.n-modal-container')).toBeNull()
  })
})
