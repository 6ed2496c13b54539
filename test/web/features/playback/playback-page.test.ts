/** The page's view is its address: read from it, written to it (R-PLAY-2). Pictures and canvas are left out here; the browser test has them. */
import { flushPromises, mount, type VueWrapper } from '@vue/test-utils'
import { afterEach, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest'
import { createMemoryHistory, createRouter, type Router } from 'vue-router'
import type { CameraPoint } from '../../../../server/contract/cameras.ts'
import type { CameraId } from '../../../../server/contract/ids.ts'
import { installMessages, useI18n } from '../../../../web/base/i18n.ts'
import { useCameraStore } from '../../../../web/features/cameras/store.ts'
import PlaybackPage from '../../../../web/features/playback/PlaybackPage.vue'
import PlaybackTile from '../../../../web/features/playback/PlaybackTile.vue'
import PlaybackTimeline from '../../../../web/features/playback/PlaybackTimeline.vue'
import PlaybackTools from '../../../../web/features/playback/PlaybackTools.vue'
import { playbackRoutes } from '../../../../web/features/playback/routes.ts'
import { messages } from '../../../../web/messages.ts'
import { createRecordingsApi, type RecordingsApi, toFetch } from '../../support/recordings-api.ts'
import { signInAs } from '../../support/sign-in.ts'
import { cameraPoint } from '../cameras/points.ts'

const now = new Date(2026, 10, 22, 19, 42, 8).getTime()
let wrapper: VueWrapper
let router: Router
let api: RecordingsApi

beforeAll(() => {
  installMessages(messages)
  useI18n().setLocale('zh')
})
beforeEach(() => {
  vi.useFakeTimers({ now })
  api = createRecordingsApi({ recordedIn: (_, range) => [range], gapsIn: () => [] })
  const answer = toFetch(api)
  vi.stubGlobal('fetch', async (url: string, init?: RequestInit) =>
    url.includes('/timeline') ? Response.json({ cameraId: url.split('/')[3], recorded: [], gaps: [], faults: [] }) : answer(url, init),
  )
})
afterEach(() => {
  wrapper.unmount()
  vi.useRealTimers()
  vi.unstubAllGlobals()
})

async function open(address: string, permissions = ['camera.see', 'camera.playback']) {
  const pinia = signInAs({ permissions })
  const store = useCameraStore()
  const cameras: CameraPoint[] = ['a', 'b', 'c'].map((id) => cameraPoint({ id, name: `澄桥路口-${id}` }))
  store.byId = new Map(cameras.map((camera) => [camera.cameraId, camera]))
  store.isLoaded = true
  router = createRouter({
    history: createMemoryHistory(),
    routes: [...playbackRoutes.map((route) => ({ ...route, path: '/playback' })), { path: '/map', name: 'map', component: { render: () => null } }],
  })
  await router.push(address)
  wrapper = mount(PlaybackPage, { global: { plugins: [pinia, router], stubs: { PlaybackTile: true, PlaybackTimeline: true } }, attachTo: document.body })
  await settle()
}
const settle = async (ms = 0) => {
  await vi.advanceTimersByTimeAsync(ms)
  await flushPromises()
}
const query = () => router.currentRoute.value.query
const tiles = () =>
  wrapper
    .findAllComponents(PlaybackTile)
    .map((tile) => ({ id: tile.props('camera').cameraId, isFocused: tile.props('isFocused'), number: tile.props('number') }))
const clock = () => wrapper.get('time').text()
const timeline = () => wrapper.getComponent(PlaybackTimeline)

describe('R-PLAY-2 the address is the view', () => {
  test('a link opens cameras, moment, layout and speed', async () => {
    await open(`/playback?cameras=a,b,c&focus=b&at=${now - 3600_000}&layout=9&speed=4`)
    expect(tiles()).toEqual([
      { id: 'a', isFocused: false, number: 1 },
      { id: 'b', isFocused: true, number: 2 },
      { id: 'c', isFocused: false, number: 3 },
    ])
    expect(clock()).toBe('18:42:08')
    expect(wrapper.get('.speeds .is-on').text()).toBe('4')
    expect(timeline().props('window')).toEqual({ fromAt: now - 2 * 3600_000, toAt: now })
  })

  test('speed, layout and the large picture go into it', async () => {
    await open(`/playback?cameras=a,b&at=${now - 3600_000}`)
    await wrapper.findAll('.speeds button').at(-1)!.trigger('click')
    await settle()
    expect(query()).toMatchObject({ speed: '16' })
    await wrapper.findAll('.bar .option')[0]!.trigger('click')
    await settle()
    expect(query()).toMatchObject({ layout: '1', speed: '16' })
    expect(tiles()).toHaveLength(1)
    timeline().vm.$emit('focus', 'b')
    await settle()
    expect(query()).toMatchObject({ focus: 'b' })
    expect(tiles()).toEqual([{ id: 'b', isFocused: true, number: 2 }])
  })

  test('a removed camera leaves it; the focus goes to one that is there', async () => {
    await open(`/playback?cameras=a,b&focus=b&at=${now}`)
    timeline().vm.$emit('remove', 'b')
    await settle()
    expect(query()).toEqual({ cameras: 'a', at: String(now) })
    expect(tiles()).toEqual([{ id: 'a', isFocused: true, number: 1 }])
  })

  test('a click on the timeline moves the clock and the address, a dragged playhead only the clock', async () => {
    await open(`/playback?cameras=a&at=${now - 3600_000}`)
    timeline().vm.$emit('seek', now - 1800_000, false)
    await settle()
    expect([clock(), query()['at']]).toEqual(['19:12:08', String(now - 3600_000)])
    timeline().vm.$emit('seek', now - 600_000, true)
    await settle()
    expect([clock(), query()['at']]).toEqual(['19:32:08', String(now - 600_000)])
  })

  test('an address that changes from outside moves the clock', async () => {
    await open(`/playback?cameras=a&at=${now - 3600_000}`)
    await router.replace(`/playback?cameras=a&at=${now - 9000_000}`)
    await settle()
    expect(clock()).toBe('17:12:08')
    expect(timeline().props('window').fromAt).toBeLessThan(now - 9000_000)
  })

  test('without a moment it begins a minute ago', async () => {
    await open('/playback?cameras=a')
    expect(clock()).toBe('19:41:08')
  })
})

describe('R-PLAY-1 keys', () => {
  const press = async (key: string, more: KeyboardEventInit = {}) => {
    window.dispatchEvent(new KeyboardEvent('keydown', { key, cancelable: true, ...more }))
    await settle()
  }
  test('Space, Shift and arrows, brackets', async () => {
    await open(`/playback?cameras=a&at=${now - 3600_000}`)
    expect(wrapper.get('.play').attributes('aria-label')).toBe('暂停')
    await press(' ')
    expect(wrapper.get('.play').attributes('aria-label')).toBe('播放')
    await press('ArrowLeft', { shiftKey: true })
    expect(clock()).toBe('18:41:58')
    await press('ArrowRight', { shiftKey: true })
    await press('ArrowRight', { shiftKey: true })
    expect(clock()).toBe('18:42:18')
    await press(']')
    expect(query()['speed']).toBe('2')
    await press('[')
    await press('[')
    expect(query()['speed']).toBe('0.5')
  })

  test('none of them while somebody types', async () => {
    await open('/playback')
    const input = wrapper.get('input').element
    input.dispatchEvent(new KeyboardEvent('keydown', { key: ']', bubbles: true, cancelable: true }))
    await settle()
    expect(query()).toEqual({})
  })
})

describe('R-PLAY-4 the tools', () => {
  const download = ['camera.see', 'camera.playback', 'camera.download']
  const press = async (key: string) => {
    window.dispatchEvent(new KeyboardEvent('keydown', { key, cancelable: true }))
    await settle()
  }
  const range = { from: String(now - 3600_000), to: String(now - 3000_000) }

  test('I and O set the ends of the clip, the panel opens, the address has it; the button takes it away', async () => {
    await open(`/playback?cameras=a&at=${now - 3600_000}`, download)
    await press(' ')
    await press('i')
    expect(wrapper.find('.clip-panel').exists()).toBe(true)
    timeline().vm.$emit('seek', now - 3000_000, true)
    await settle()
    await press('o')
    await settle(400)
    expect(query()).toMatchObject(range)
    expect(timeline().props('selection')).toEqual({ fromAt: now - 3600_000, toAt: now - 3000_000 })
    await wrapper.get('[aria-label="选段"]').trigger('click')
    await settle(400)
    expect(query()).not.toHaveProperty('from')
    expect(wrapper.find('.clip-panel').exists()).toBe(false)
  })

  test('a link to a clip opens with it, at its beginning, with the panel', async () => {
    await open(`/playback?cameras=a,b&from=${range.from}&to=${range.to}`, download)
    expect(clock()).toBe('18:42:08')
    expect(wrapper.get('.clip-panel').text()).toContain('18:42:08–18:52:08')
    const window = timeline().props('window') as { fromAt: number; toAt: number }
    expect(window.fromAt < Number(range.from) && window.toAt > Number(range.to)).toBe(true)
  })

  test('nine cameras and a moment in a shared link', async () => {
    await open(`/playback?cameras=a,b,c,d,e,f,g,h,i&at=${now - 3600_000}`)
    expect(query()['cameras']).toBe('a,b,c,d,e,f,g,h,i')
    expect(tiles()).toHaveLength(3) // those there are
    expect(clock()).toBe('18:42:08')
  })

  test('who may not download has neither buttons nor panel nor keys, but marks', async () => {
    await open(`/playback?cameras=a&from=${range.from}&to=${range.to}`)
    await press('i')
    await settle(400)
    expect(query()).toMatchObject(range)
    expect(wrapper.find('.clip-panel').exists()).toBe(false)
    for (const label of ['选段', '锁定', '下载选段']) expect(wrapper.find(`[aria-label="${label}"]`).exists()).toBe(false)
    expect(wrapper.find('[aria-label="标记"]').exists()).toBe(true)
    expect(timeline().props('canSelect')).toBe(false)
  })

  test('a mark in the list brings its camera and its moment, both', async () => {
    await open(`/playback?cameras=a,b&at=${now - 3600_000}`)
    wrapper.getComponent(PlaybackTools).vm.$emit('goTo', now - 600_000, 'b')
    await settle()
    expect(query()).toMatchObject({ focus: 'b', at: String(now - 600_000) })
  })

  test('keys go to the next and the previous mark; when there is none it is said', async () => {
    for (const [minutes, note] of [
      [10, '先'],
      [40, '后'],
    ] as const)
      api.answer('POST', new URL('http://x/api/cameras/a/marks'), { at: now - 3600_000 + minutes * 60_000, note })
    await open(`/playback?cameras=a&at=${now - 3600_000}`)
    await settle(200)
    await press(' ')
    await press('n')
    expect(clock()).toBe('18:52:08')
    await press('n')
    expect(clock()).toBe('19:22:08')
    await press('n')
    expect(wrapper.get('.remark').text()).toBe('19:22:08 之后没有下一个标记')
    await press('b')
    expect(clock()).toBe('18:52:08')
    // the local day and half of it before: what is older was not looked at, and that is what is said
    await press('b')
    expect(wrapper.get('.remark').text()).toBe('已载入的 11-21 12:00–18:52:08 内没有上一个标记；缩小时间轴可看更远')
  })
})

describe('R-PLAY-1 with nothing to play', () => {
  test('no camera chosen: says so and offers the search; a choice opens it', async () => {
    await open('/playback')
    expect(wrapper.text()).toContain('还没有选点位')
    await wrapper.get('input').setValue('路口-b')
    await wrapper.get('input').trigger('keydown.enter')
    await settle()
    expect(query()['cameras']).toBe('b')
    expect(tiles()).toHaveLength(1)
  })

  test('a camera that is not this account’s is not shown, and said', async () => {
    await open(`/playback?cameras=a,secret&at=${now}`)
    expect(tiles().map(({ id }) => id)).toEqual(['a' as CameraId])
    expect(wrapper.text()).toContain('没有该点位的查看权限')
  })

  test('without the right there is no page', async () => {
    await open(`/playback?cameras=a&at=${now}`, ['camera.see'])
    expect(wrapper.text()).toContain('没有回放权限')
    expect(tiles()).toEqual([])
  })
})
