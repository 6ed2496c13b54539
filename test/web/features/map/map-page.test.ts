/** The map page as people use it, with the engine played by a fake: selections, nearest, layers, bookmarks, time, placing (R-MAP-4 to 8). */
import { flushPromises, mount, type VueWrapper } from '@vue/test-utils'
import { afterEach, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest'
import type { FunctionalComponent } from 'vue'
import { createMemoryHistory, createRouter, type Router, RouterView } from 'vue-router'
import type { CameraId, LonLat } from '../../../../server/contract/ids.ts'
import { type Role } from '../../../../server/contract/permissions.ts'
import { installMessages, useI18n } from '../../../../web/base/i18n.ts'
import type { EditedPlace, MapHandlers, MapShape, ShownSelection, ToolHandlers } from '../../../../web/engines/map/index.ts'
import { useCameraStore } from '../../../../web/features/cameras/store.ts'
import MapPage from '../../../../web/features/map/MapPage.vue'
import { messages } from '../../../../web/messages.ts'
import { signInAs } from '../../support/sign-in.ts'
import { cameraPoint } from '../cameras/points.ts'

type Engine = {
  calls: [name: string, ...args: unknown[]][]
  tools: ToolHandlers
  options: { config: { baseMap: { name?: string } }; handlers: Pick<MapHandlers, 'onDrag'> }
}
const engines = vi.hoisted(() => [] as Engine[])
/** An engine that only notes what it is told. */
vi.mock('../../../../web/engines/map/index.ts', async (original) => ({
  ...(await original<object>()),
  createMapEngine: (_element: HTMLElement, options: { tools: ToolHandlers } & Engine['options']) => {
    const engine: Engine = { calls: [], tools: options.tools, options }
    engines.push(engine)
    return new Proxy(
      {},
      {
        get:
          (_target, name: string) =>
          (...args: unknown[]) =>
            void engine.calls.push([name, ...args]),
      },
    )
  },
}))
/** The dock of now: its own tests look into it. */
vi.mock('../../../../web/features/live/CameraDock.vue', async () => {
  const { h } = await import('vue')
  return {
    __esModule: true,
    default: {
      props: ['camera'],
      emits: ['close', 'select', 'place'],
      render(this: { $emit(event: 'place'): void }) {
        return h('aside', { class: 'dock', onClick: () => this.$emit('place') })
      },
    },
  }
})
/** No heights here: every row is drawn. */
vi.mock('naive-ui', async (original) => {
  const { h } = await import('vue')
  const list: FunctionalComponent<{ items: readonly unknown[] }> = ({ items }, { slots }) =>
    h(
      'div',
      items.map((item) => slots['default']?.({ item })),
    )
  list.props = ['items']
  return { ...(await original<object>()), NVirtualList: list }
})

const now = new Date(2026, 10, 25, 8, 14).getTime()
const day = 86_400_000
let wrapper: VueWrapper
let router: Router
let asked: { method: string; path: string; query: URLSearchParams; body: unknown }[]
let replies: Record<string, (request: (typeof asked)[number]) => unknown>

const at = (east: number, north: number): [number, number] => [111.66 + east / 84_300, 40.75 + north / 111_195]
/** Four in a row eastwards, 100 m apart; the second is offline, the fourth looks west with 150 m of reach. */
const points = [
  cameraPoint({ id: 'a', name: '澄桥路口-01', lonLat: at(0, 0), reachM: 20 }),
  cameraPoint({ id: 'b', name: '澄桥路口-02', lonLat: at(100, 0), status: 'offline', cause: 'silent', sinceAt: now - day, reachM: 20 }),
  cameraPoint({ id: 'c', name: '澄桥路口-03', lonLat: at(200, 0), scene: 'market', reachM: 20 }),
  cameraPoint({ id: 'd', name: '澄桥路口-04', lonLat: at(300, 0), headingDeg: 270, reachM: 150 }),
]
const box = (east: number): MapShape => ({ kind: 'rectangle', corners: [at(-10, -10), at(east, 10)] })

beforeAll(() => installMessages(messages))
beforeEach(() => {
  useI18n().setLocale('zh')
  vi.useFakeTimers({ now })
  localStorage.clear()
  engines.length = 0
  asked = []
  replies = {
    '/api/status/past': ({ query }) => ({ at: Number(query.get('at')), states: [{ cameraId: 'a', status: 'offline', cause: null, sinceAt: now - 3 * day }] }),
    '/api/status/counts': ({ query }) => [{ fromAt: Number(query.get('fromAt')), counts: { online: 1, degraded: 0, offline: 3, unknown: 0, suspended: 0 } }],
    '/api/stations/online-rates': () => [{ stationId: 's1', onlineRate: 0.972, cameraCount: 4 }],
    '/api/map/bookmarks': ({ method, body }) => (method === 'GET' ? [] : { ...(body as object), bookmarkId: '00000000-0000-4000-8000-000000000001' }),
    '/api/map/bookmarks/00000000-0000-4000-8000-000000000001': () => ({}),
    '/api/cameras/a/dossier': () => undefined,
  }
  vi.stubGlobal(
    'ResizeObserver',
    class {
      observe() {}
      disconnect() {}
      unobserve() {}
    },
  )
  vi.stubGlobal('fetch', async (url: string, init: RequestInit = {}) => {
    const { pathname: path, searchParams: query } = new URL(url, 'http://x')
    const request = { method: init.method ?? 'GET', path, query, body: init.body === undefined ? undefined : JSON.parse(init.body as string) }
    asked.push(request)
    const reply = replies[path]?.(request)
    if (reply instanceof Response) return reply
    return reply === undefined ? Response.json({ code: 'not_found', detail: '', requestId: 'r' }, { status: 404 }) : Response.json(reply)
  })
})
afterEach(() => {
  wrapper.unmount()
  document.body.innerHTML = ''
  vi.useRealTimers()
  vi.unstubAllGlobals()
})

async function open(query = '', role: Role = 'supervisor') {
  const pinia = signInAs({ role })
  const store = useCameraStore()
  store.byId = new Map(points.map((point) => [point.cameraId, point]))
  const { stationId } = points[0]!
  store.stations = new Map([[stationId, { stationId, name: '青岚派出所', shortName: '青岚所', jurisdiction: null, labelLonLat: at(0, 0) }]])
  const base = { kind: 'vector' as const, url: '/basemap/demo.json', name: '演示区', date: '2026-10-01' }
  store.mapConfig = { baseMap: base, otherBaseMaps: [{ ...base, name: '影像' }, { kind: 'none' }], outline: null, center: at(0, 0), zoom: 14 }
  store.isLoaded = true
  const blank = { render: () => null }
  router = createRouter({
    history: createMemoryHistory(),
    routes: [
      { path: '/map', name: 'map', component: MapPage },
      { path: '/wall', component: blank },
      { path: '/playback', name: 'playback', component: blank },
      { path: '/stations', name: 'stations', component: blank },
      { path: '/map/offset-test', name: 'mapOffsetTest', component: blank },
    ],
  })
  await router.push(`/map${query === '' ? '' : `?${query}`}`)
  wrapper = mount(RouterView, { global: { plugins: [pinia, router] }, attachTo: document.body })
  await settle()
}
const settle = async () => {
  for (let i = 0; i < 4; i++) {
    await vi.advanceTimersByTimeAsync(250)
    await flushPromises()
  }
}
const engine = () => engines.at(-1)!
/** What the engine was told last under a name. */
const told = (name: string) =>
  engine()
    .calls.findLast(([called]) => called === name)
    ?.slice(1) ?? []
const selection = () => told('setSelection')[0] as ShownSelection | null
const press = async (key: string, shiftKey = false) => {
  window.dispatchEvent(new KeyboardEvent('keydown', { key, shiftKey, cancelable: true }))
  await settle()
}
const click = async (selector: string, index = 0) => {
  await wrapper.findAll(selector)[index]!.trigger('click')
  await settle()
}
const query = () => router.currentRoute.value.query
const rows = () => wrapper.findAll('.selection [role=option]').map((row) => row.text())
const text = () => document.body.textContent ?? ''

describe('R-MAP-5 selecting on the map', () => {
  test('B takes rectangle, circle, polygon and route in turn; Esc puts the tool down', async () => {
    await open()
    const seen: unknown[] = []
    for (let i = 0; i < 5; i++) {
      await press('b')
      seen.push(told('setTool')[0])
    }
    expect(seen).toEqual(['rectangle', 'circle', 'polygon', 'route', 'rectangle'])
    expect(text()).toContain('按住拖出矩形')
    await press('Escape')
    expect(told('setTool')[0]).toBeNull()
  })

  test('what was drawn becomes a list in order with counts, and stands in the address', async () => {
    await open()
    await press('b')
    engine().tools.onShape(box(250))
    await settle()
    expect(wrapper.get('.selection h3').text()).toBe('矩形内点位')
    expect(rows()).toHaveLength(3)
    expect(wrapper.findAll('.selection .count').map((chip) => chip.text())).toEqual(['离线 1', '在线 2'])
    expect(selection()!.cameraIds).toEqual(['a', 'b', 'c'])
    expect(query()['shape']).toMatch(/^rectangle:111\.6/)
    expect(told('setTool')[0]).toBeNull()
  })

  test('an address alone brings it back; a broken one is left out', async () => {
    await open('shape=circle:111.66,40.75,150')
    expect(rows()).toHaveLength(2)
    wrapper.unmount()
    await open('shape=circle:111.66,40.75,0')
    expect(wrapper.find('.selection').exists()).toBe(false)
    expect(selection()).toBeNull()
  })

  test('a state is a filter of the list, the numbers on the map and what goes on', async () => {
    await open('shape=circle:111.66,40.75,1000')
    await click('.selection .count', 0)
    expect(rows()).toHaveLength(1)
    expect(selection()!.cameraIds).toEqual(['b'])
    await click('.selection .actions .button', 0)
    expect(router.currentRoute.value.fullPath).toBe('/wall?cameras=b')
  })

  test('single hits are dropped and come back', async () => {
    await open('shape=circle:111.66,40.75,1000')
    await click('.selection .drop', 1)
    expect(selection()!.cameraIds).toEqual(['a', 'c', 'd'])
    expect(query()['without']).toBe('b')
    expect(text()).toContain('已去掉 1 路')
    await click('.selection .held .text-button')
    expect(selection()!.cameraIds).toEqual(['a', 'b', 'c', 'd'])
  })

  test('filters hold back, and the list says so', async () => {
    await open('shape=circle:111.66,40.75,1000&scene=market')
    expect(rows()).toHaveLength(1)
    expect(text()).toContain('只含符合筛选的点位')
    await click('.selection .held .text-button')
    expect(rows()).toHaveLength(4)
  })

  test('a route lists as one walks, to the width that is set', async () => {
    const line = [at(310, 5), at(-10, 5)].map((place) => place.map((number) => number.toFixed(5)).join(',')).join(',')
    await open(`shape=route:40,${line}`)
    expect(selection()!.cameraIds).toEqual(['d', 'c', 'b', 'a'])
    expect(text()).toContain('按行走顺序')
    expect(wrapper.get('.selection .metres').text()).toBe('40 m')
  })

  test('nothing in it: said, with what to do', async () => {
    await open('shape=circle:112.0,41,50')
    expect(text()).toContain('范围内没有点位')
    expect(wrapper.find('.selection .actions').exists()).toBe(false)
  })

  test('playback at one time names the nine, refuses a moment to come', async () => {
    await open('shape=circle:111.66,40.75,1000')
    await click('.selection .actions .button', 1)
    const form = document.querySelector<HTMLFormElement>('form.times')!
    expect(form.textContent).toContain('取前 4 路')
    expect(form.textContent).toContain('澄桥路口-03')
    const field = form.querySelector('input')!
    expect(field.value).toBe('2026-11-25T08:13:46')
    field.value = '2026-11-25T09:00:00'
    field.dispatchEvent(new Event('input'))
    await settle()
    expect(form.textContent).toContain('时刻在现在之后')
    expect(form.querySelector('button')!.disabled).toBe(true)
    field.value = '2026-11-24T07:00:00'
    field.dispatchEvent(new Event('input'))
    await settle()
    form.dispatchEvent(new Event('submit'))
    await settle()
    expect(query()).toEqual({ cameras: 'a,b,c,d', at: String(new Date(2026, 10, 24, 7).getTime()) })
  })

  test.each([
    ['supervisor', ['全部上墙', '同步回放', '下载录像', '导出']],
    ['dutyOfficer', ['全部上墙', '同步回放', '导出']],
    ['assessor', ['导出']],
  ] as const)('%s is offered what the role may do', async (role, actions) => {
    await open('shape=circle:111.66,40.75,1000', role)
    expect(wrapper.findAll('.selection .actions .button').map((button) => button.text())).toEqual(actions)
  })

  test('a point is dragged out as a camera by who may see it live, and by nobody else', async () => {
    await open()
    const data = new Map<string, string>()
    const dataTransfer = { setData: (type: string, value: string) => data.set(type, value), setDragImage: () => undefined }
    engine().options.handlers.onDrag!({ dataTransfer } as unknown as DragEvent, 'c' as CameraId)
    expect(data.get('application/x-mapwall-camera')).toBe('c')
    expect(data.get('text/plain')).toBe('澄桥路口-03')
    wrapper.unmount()
    await open('', 'assessor')
    expect(engine().options.handlers.onDrag).toBeUndefined()
  })

  test('a row is dragged out as a camera', async () => {
    await open('shape=circle:111.66,40.75,1000')
    const data = new Map<string, string>()
    const event = new Event('dragstart', { bubbles: true })
    Object.assign(event, { dataTransfer: { setData: (type: string, value: string) => data.set(type, value) } })
    wrapper.findAll('.selection [role=option]')[2]!.element.dispatchEvent(event)
    expect(data.get('application/x-mapwall-camera')).toBe('c')
  })

  test('Esc goes back one step at a time: the tool, the camera, the selection', async () => {
    await open('shape=circle:111.66,40.75,1000&camera=a')
    await press('b')
    await press('Escape')
    expect(query()).toMatchObject({ camera: 'a' })
    await press('Escape')
    expect(query()['camera']).toBeUndefined()
    expect(query()['shape']).toBeDefined()
    await press('Escape')
    expect(query()).toEqual({})
  })

  test('a drawing of more corners than an address holds is refused in words', async () => {
    await open()
    engine().tools.onShape({ kind: 'polygon', ring: Array.from({ length: 81 }, (_, i): LonLat => at(i, i * i)) })
    await settle()
    expect(text()).toContain('没有框选：最多 80 个点')
  })
})

describe('R-MAP-5 the nearest to a place', () => {
  test('those that see it come first, with metres and direction', async () => {
    await open()
    await press('n')
    engine().tools.onPoint(at(190, 0))
    await settle()
    expect(selection()!.cameraIds).toEqual(['d', 'c', 'b', 'a'])
    const [first, second] = wrapper.findAll('.selection .far')
    expect(first!.text()).toBe('可看到此处110 m · 90°（东）')
    expect(first!.find('.eye').exists()).toBe(true)
    expect(second!.text()).toBe('10 m · 90°（东）')
    expect(second!.find('.eye').exists()).toBe(false)
    expect(query()['near']).toMatch(/^111\./)
  })
})

describe('measuring', () => {
  test('says the total, and forgets it with the tool', async () => {
    await open()
    await press('r')
    expect(told('setTool')[0]).toBe('distance')
    engine().tools.onMeasure({ kind: 'distance', line: [], metres: 1_438.2 })
    await settle()
    expect(wrapper.get('.hint').text()).toContain('全长 1.438 km')
    await click('.hint .option', 1)
    expect(told('setTool')[0]).toBe('area')
    engine().tools.onMeasure({ kind: 'area', ring: [], squareMetres: 5_210, perimeterM: 300 })
    await settle()
    expect(wrapper.get('.hint').text()).toContain('面积 5,210 m² · 周长 300.0 m')
    await press('Escape')
    expect(wrapper.find('.hint').exists()).toBe(false)
    expect(engine().calls.some(([name]) => name === 'clearMeasure')).toBe(true)
  })

  test('the pointer is told in the system that is chosen, and remembered', async () => {
    await open()
    engine().tools.onPointer([111.66, 40.75])
    await settle()
    expect(wrapper.get('.source .mono').text()).toBe('111.660000, 40.750000')
    await wrapper.get('.source select').setValue('mercator')
    await settle()
    expect(wrapper.get('.source .mono').text()).toBe('12429934.3, 4975536.4')
    engine().tools.onPointer(null)
    await settle()
    expect(wrapper.get('.source .mono').text()).toBe('12429934.3, 4975536.4')
  })
})

describe('R-MAP-6, R-MAP-7 layers', () => {
  test('another base map opens where the map stands, and is remembered', async () => {
    await open()
    await press('l')
    await wrapper.findAll('.layers input[type=radio]')[1]!.trigger('change')
    await settle()
    expect(engine().options.config.baseMap.name).toBe('影像')
    wrapper.unmount()
    await open()
    expect(engine().options.config.baseMap.name).toBe('影像')
    wrapper.unmount()
    await open('base=演示区')
    expect(engine().options.config.baseMap.name).toBe('演示区')
    wrapper.unmount()
    await open('base=不在了')
    expect(engine().options.config.baseMap.name).toBe('影像')
  })

  test('jurisdictions take the colours of a period, asked for its range', async () => {
    await open()
    await press('l')
    await click('.layers .option', 3)
    expect(told('setRates')[0]).toEqual(new Map([['s1', 0.972]]))
    const request = asked.findLast(({ path }) => path.endsWith('/online-rates'))!
    expect(Number(request.query.get('toAt')) - Number(request.query.get('fromAt'))).toBe(30 * day)
    expect(wrapper.get('.rates').text()).toContain('在线率 · 近 30 天')
    await click('.layers .option', 0)
    expect(told('setRates')[0]).toBeNull()
  })

  test('rates that cannot be read are said', async () => {
    await open()
    replies['/api/stations/online-rates'] = () => Response.json({ code: 'database_unavailable', detail: '', requestId: 'r' }, { status: 503 })
    await press('l')
    await click('.layers .option', 1)
    expect(wrapper.get('.layers [role=alert]').text()).toBe('在线率没有读到：数据库不在，由系统管理员查看')
  })

  test('jurisdictions can be left out', async () => {
    await open()
    await press('l')
    await click('.layers .n-checkbox', 1)
    expect(told('setStations')[0]).toEqual([])
  })

  test('only a system administrator is led to the import, and who may place cameras to the test of base maps', async () => {
    const links = () => wrapper.findAll('.layers a').map((link) => link.text())
    await open('', 'systemAdmin')
    await press('l')
    expect(links()).toEqual(['底图偏移检测', '导入辖区边界'])
    expect(wrapper.find('[data-tool=past]').exists()).toBe(false)
    wrapper.unmount()
    await open()
    await press('l')
    expect(links()).toEqual([])
    wrapper.unmount()
    await open('', 'ops')
    await press('l')
    expect(links()).toEqual(['底图偏移检测'])
  })
})

describe('bookmarks', () => {
  test('a view is kept with its address, gone to, and removed after asking', async () => {
    await open('shape=circle:111.66,40.75,1000&scene=market')
    const view = { lonLat: at(50, 0), zoom: 15, visibleIds: [] }
    ;(engine().options as unknown as { handlers: { onView(view: object): void } }).handlers.onView(view)
    await click('[data-tool=bookmarks]')
    await wrapper.get('.bookmarks input').setValue(' 北亭路 ')
    await wrapper.get('.bookmarks form').trigger('submit')
    await settle()
    const { body } = asked.findLast(({ method }) => method === 'POST')!
    expect(body).toEqual({ name: '北亭路', lonLat: view.lonLat, zoom: 15, query: expect.any(String) })
    expect(Object.fromEntries(new URLSearchParams((body as { query: string }).query))).toEqual({
      scene: 'market',
      shape: 'circle:111.66000,40.75000,1000',
      base: '演示区',
    })
    await router.push('/map')
    await settle()
    await click('.bookmarks .go')
    expect(query()).toMatchObject({ scene: 'market', shape: 'circle:111.66000,40.75000,1000' })
    expect(told('flyTo')).toEqual([view.lonLat, 15])
    await wrapper.get('.bookmarks input').setValue('北亭路')
    expect(wrapper.get('.bookmarks [role=alert]').text()).toContain('已有书签「北亭路」')
    await click('.bookmarks li .icon-button')
    expect(asked.some(({ method }) => method === 'DELETE')).toBe(false)
    await click('.bookmarks li .is-offline')
    expect(asked.some(({ method }) => method === 'DELETE')).toBe(true)
    expect(wrapper.findAll('.bookmarks li')).toHaveLength(0)
  })
})

describe('the time of the map', () => {
  const then = now - 2 * day - 60_000

  test('points, list and counts show the states of then; the banner says which moment', async () => {
    await open(`time=${then}&list=cameras`)
    expect(wrapper.get('.banner strong').text()).toBe('地图显示 11-23 08:13 的状态')
    expect(wrapper.findAll('.banner .counts .row').map((count) => count.text())).toEqual(['1', '3'])
    const shown = told('setPoints')[0] as typeof points
    expect(shown.map(({ state: { status } }) => status)).toEqual(['offline', 'unknown', 'unknown', 'unknown'])
    await click('.banner .button')
    expect(query()['time']).toBeUndefined()
    expect((told('setPoints')[0] as typeof points).map(({ state: { status } }) => status)).toEqual(['online', 'offline', 'online', 'online'])
  })

  test('arrow keys step, with Shift further; nothing beyond now or before what is kept', async () => {
    await open(`time=${then}`)
    await press('ArrowLeft')
    expect(query()['time']).toBe(String(then - 60_000))
    await press('ArrowRight', true)
    expect(query()['time']).toBe(String(then + 9 * 60_000))
    expect(asked.filter(({ path }) => path.endsWith('/past')).map(({ query: each }) => Number(each.get('at')))).toEqual([
      then,
      then - 60_000,
      then + 9 * 60_000,
    ])
  })

  test('the space bar plays the time, unless somebody has walked to a button with Tab: then it presses that', async () => {
    await open(`time=${then}`)
    const isPlaying = () => wrapper.get('.time-bar button').attributes('aria-label') === '暂停'
    const space = async () => {
      const event = new KeyboardEvent('keydown', { key: ' ', bubbles: true, cancelable: true })
      ;(document.activeElement ?? document.body).dispatchEvent(event)
      await settle()
      return event.defaultPrevented
    }
    expect(await space()).toBe(true)
    expect(isPlaying()).toBe(true)
    await space()
    expect(isPlaying()).toBe(false)
    const button = wrapper.get<HTMLButtonElement>('.banner .button').element
    vi.spyOn(button, 'matches').mockImplementation((selector) => selector === ':focus-visible')
    button.focus()
    expect(await space()).toBe(false)
    expect(isPlaying()).toBe(false)
  })

  test('live pictures stay away: the dock offers playback of the moment', async () => {
    await open(`time=${then}&camera=a`)
    expect(wrapper.find('.dock').exists()).toBe(false)
    expect(wrapper.get('.past-dock').text()).toContain('地图停在 11-23 08:13')
    expect(wrapper.get('.past-dock').text()).toContain('离线')
    await click('.past-dock .primary')
    expect(query()).toEqual({ cameras: 'a', at: String(then) })
  })

  test.each([
    [now - 31 * day, '只保留近 30 天'],
    [now + day, '还没有到'],
  ])('the moment %d is refused in words, and the map shows now', async (moment, words) => {
    await open(`time=${moment}`)
    expect(wrapper.get('.banner').text()).toContain(words)
    expect(asked.some(({ path }) => path.endsWith('/past'))).toBe(false)
    expect(told('setPoints')[0]).toEqual(points)
    expect(wrapper.find('.time-bar').exists()).toBe(false)
  })

  test('states that cannot be read are said and asked again; nothing of now is shown for then', async () => {
    replies['/api/status/past'] = () => Response.json({ code: 'internal', detail: '', requestId: 'r7' }, { status: 500 })
    await open(`time=${then}`)
    expect(wrapper.get('.banner').text()).toContain('没有读到')
    expect((told('setPoints')[0] as typeof points).every(({ state: { status } }) => status === 'unknown')).toBe(true)
    replies['/api/status/past'] = () => ({ at: then, states: [] })
    await click('.banner .text-button')
    expect(wrapper.get('.banner strong').text()).toContain('地图显示')
  })
})

describe('R-MAP-8 placing a camera', () => {
  const place = (changes: Partial<EditedPlace>): EditedPlace => ({ lonLat: at(0, 0), headingDeg: 0, fovDeg: 60, reachM: 20, ...changes })
  const edit = async () => {
    await open('camera=a', 'ops')
    await click('.dock')
  }
  const field = (name: string) => wrapper.get<HTMLInputElement>(`.editor [name=${name}]`)

  test('handles and form say the same; the way moved is told; a reason is needed', async () => {
    await edit()
    expect(told('editPlace')).toEqual(['a', place({})])
    engine().tools.onEdited(place({ lonLat: at(30, 0), headingDeg: 90 }))
    await settle()
    expect(field('headingDeg').element.value).toBe('90')
    expect(field('x').element.value).toBe(at(30, 0)[0].toFixed(6))
    expect(wrapper.get('.editor').text()).toMatch(/移动\s*30\.0 m/)
    await field('reachM').setValue('55')
    await settle()
    expect(told('editPlace')).toEqual(['a', place({ lonLat: at(30, 0), headingDeg: 90, reachM: 55 })])
    expect(wrapper.get('.editor').text()).toContain('写明原因后保存')
    expect(wrapper.get<HTMLButtonElement>('.editor .primary').element.disabled).toBe(true)
  })

  test('saves with the reason, and keeps what was typed when the server refuses', async () => {
    await edit()
    await field('headingDeg').setValue('120')
    await wrapper.get('.editor textarea').setValue(' 现场复核 ')
    replies['/api/cameras/a/place'] = () => Response.json({ code: 'bad_request', detail: '', requestId: 'r' }, { status: 400 })
    await wrapper.get('.editor').trigger('submit')
    await settle()
    expect(wrapper.get('.editor [role=alert]').text()).toContain('没有保存：坐标在辖区之外过远')
    expect(field('headingDeg').element.value).toBe('120')
    const sent = asked.findLast(({ path }) => path.endsWith('/place'))!.body as EditedPlace & { reason: string }
    expect(sent).toMatchObject({ headingDeg: 120, fovDeg: 60, reachM: 20, reason: '现场复核' })
    replies['/api/cameras/a/place'] = ({ body }) => {
      const { reason, ...to } = body as typeof sent
      return { moveId: '00000000-0000-4000-8000-000000000001', cameraId: 'a', at: now, by: 'ops', reason, from: to, to, movedM: 0 }
    }
    await wrapper.get('.editor').trigger('submit')
    await settle()
    expect(wrapper.find('.editor').exists()).toBe(false)
    expect(text()).toContain('已保存')
    expect(told('editPlace')[0]).toBeNull()
  })

  test('cancel puts everything back; another camera is not chosen over what is unsaved', async () => {
    await edit()
    await field('headingDeg').setValue('120')
    ;(engine().options as unknown as { handlers: { onSelect(id: CameraId | null): void } }).handlers.onSelect('b' as CameraId)
    await settle()
    expect(text()).toContain('位置有改动未保存')
    expect(query()['camera']).toBe('a')
    await press('Escape')
    expect(field('headingDeg').element.value).toBe('120')
    await router.push('/playback')
    await settle()
    expect(router.currentRoute.value.name).toBe('map')
    await click('.editor .row .button', 2)
    expect(told('editPlace')[0]).toBeNull()
    expect(wrapper.find('.dock').exists()).toBe(true)
    await click('.dock')
    expect(field('headingDeg').element.value).toBe('0')
  })

  test.each([
    ['x', '200', '不是 WGS-84 坐标'],
    ['x', '', '不是 WGS-84 坐标'],
    ['fovDeg', '0', '1–360'],
    ['reachM', '2001', '1–2000'],
    ['headingDeg', '北', '0–360'],
  ])('%s = %j is refused in words and does not move the handles', async (name, value, words) => {
    await edit()
    const before = engine().calls.length
    await field(name).setValue(value)
    await settle()
    expect(wrapper.get('.editor').text()).toContain(words)
    expect(
      engine()
        .calls.slice(before)
        .filter(([called]) => called === 'editPlace'),
    ).toEqual([])
  })

  test('coordinates are typed in the system that is chosen', async () => {
    await edit()
    await wrapper.get('.editor select').setValue('mercator')
    await settle()
    const [x] = (told('editPlace')[1] as EditedPlace).lonLat
    await field('x').setValue(String(Number(field('x').element.value) + 100))
    await settle()
    const [moved] = (told('editPlace')[1] as EditedPlace).lonLat
    expect((moved - x) * 111_319.49).toBeCloseTo(100, 0)
  })
})
