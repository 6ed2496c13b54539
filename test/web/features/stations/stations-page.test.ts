/** Importing jurisdictions: the file is looked into, checked, and applied; after an error everything chosen stays (R-MAP-6). */
import { flushPromises, mount, type VueWrapper } from '@vue/test-utils'
import { afterEach, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest'
import { createMemoryHistory, createRouter } from 'vue-router'
import { StationId } from '../../../../server/contract/ids.ts'
import { type Role } from '../../../../server/contract/permissions.ts'
import { JurisdictionProblem, type JurisdictionReport, MAX_JURISDICTION_FILE_BYTES } from '../../../../server/contract/stations.ts'
import { installMessages, useI18n } from '../../../../web/base/i18n.ts'
import { useCameraStore } from '../../../../web/features/cameras/store.ts'
import { lookInto, ringsOf } from '../../../../web/features/stations/geo-json.ts'
import StationsPage from '../../../../web/features/stations/StationsPage.vue'
import { messages } from '../../../../web/messages.ts'
import { signInAs } from '../../support/sign-in.ts'
import { cameraPoint } from '../cameras/points.ts'

let wrapper: VueWrapper
let asked: { geoJson: string; crs: string; stationProperty: string; isDryRun: boolean }[]
let reply: () => Response

const station = {
  stationId: StationId.parse('s1'),
  name: '青岚派出所',
  shortName: '青岚所',
  jurisdiction: null,
  labelLonLat: [111.66, 40.75] as [number, number],
}
const ring = [
  [111.65, 40.74],
  [111.67, 40.74],
  [111.67, 40.76],
  [111.65, 40.74],
]
const geoJson = (properties: object = { OBJECTID: 1, 派出所: '青岚所' }) =>
  JSON.stringify({ type: 'FeatureCollection', features: [{ type: 'Feature', properties, geometry: { type: 'Polygon', coordinates: [ring] } }] })
const report = (changes: Partial<JurisdictionReport>): JurisdictionReport => ({
  problems: [],
  stations: [{ stationId: station.stationId, name: station.name, vertices: 4, areaKm2: 1.88, camerasInside: 70, camerasOutside: 2 }],
  isApplied: false,
  ...changes,
})

beforeAll(() => installMessages(messages))
beforeEach(() => {
  useI18n().setLocale('zh')
  asked = []
  reply = () => Response.json(report({ isApplied: !asked.at(-1)!.isDryRun }))
  vi.stubGlobal('fetch', async (_url: string, init: RequestInit) => {
    asked.push(JSON.parse(init.body as string))
    return reply()
  })
})
afterEach(() => {
  wrapper?.unmount()
  vi.unstubAllGlobals()
})

async function open(role: Role = 'systemAdmin') {
  const pinia = signInAs({ role, account: 'sysadmin' })
  const cameras = useCameraStore()
  cameras.stations = new Map([[station.stationId, station]])
  const point = cameraPoint({ id: 'a' })
  cameras.byId = new Map([[point.cameraId, point]])
  const router = createRouter({ history: createMemoryHistory(), routes: [{ path: '/:all(.*)*', name: 'map', component: { render: () => null } }] })
  wrapper = mount(StationsPage, { global: { plugins: [pinia, router] } })
  await flushPromises()
}
async function choose(text: string, size?: number) {
  const input = wrapper.get<HTMLInputElement>('input[type=file]')
  const file = new File([text], '辖区.geojson')
  if (size !== undefined) Object.defineProperty(file, 'size', { value: size })
  Object.defineProperty(input.element, 'files', { value: [file], configurable: true })
  await input.trigger('change')
  await flushPromises()
}
const check = async () => {
  await wrapper.get('form').trigger('submit')
  await flushPromises()
}
const apply = () => wrapper.findAll<HTMLButtonElement>('.form .button').at(-1)!

describe('R-MAP-6 jurisdictions from a file', () => {
  test('checked first, applied then; the property that names stations is found', async () => {
    await open()
    await choose(geoJson())
    expect(wrapper.get<HTMLInputElement>('input.field').element.value).toBe('派出所')
    expect(wrapper.findAll('.preview .area')).toHaveLength(1)
    expect(apply().element.disabled).toBe(true)
    await check()
    expect(asked).toEqual([{ geoJson: geoJson(), crs: 'EPSG:4326', stationProperty: '派出所', isDryRun: true }])
    expect(wrapper.text()).toContain('没有问题，可以应用')
    expect(wrapper.findAll('tbody td').map((cell) => cell.text())).toEqual(['青岚派出所', '1.88 km²', '4', '70', '2'])
    await apply().trigger('click')
    await flushPromises()
    expect(asked.at(-1)!.isDryRun).toBe(false)
    expect(wrapper.text()).toContain('已应用 1 个辖区')
    expect(apply().element.disabled).toBe(true)
  })

  test.each(['zh', 'en'] as const)('every problem has words and a next step (%s), errors before warnings', async (locale) => {
    useI18n().setLocale(locale)
    await open()
    await choose(geoJson())
    const problems = JurisdictionProblem.options.map((problem, i) => ({
      severity: i % 2 === 0 ? ('warning' as const) : ('error' as const),
      problem,
      feature: i === 0 ? null : i,
      stationName: null,
      evidence: `evidence-${i}`,
    }))
    reply = () => Response.json(report({ problems }))
    await check()
    const lines = wrapper.findAll('.problems li')
    expect(lines).toHaveLength(JurisdictionProblem.options.length)
    for (const line of lines) {
      expect(line.text()).not.toContain('stations.problem')
      expect(line.text()).toContain('evidence-')
    }
    expect(new Set(lines.map((line) => line.text())).size).toBe(lines.length)
    const isError = lines.map((line) => line.find('.is-offline').exists())
    expect(isError).toEqual(isError.toSorted((a, b) => Number(b) - Number(a)))
    expect(apply().element.disabled).toBe(true)
  })

  test('with warnings alone it may be applied, and the button says so', async () => {
    await open()
    await choose(geoJson())
    reply = () =>
      Response.json(report({ problems: [{ severity: 'warning', problem: 'cameras_outside', feature: 0, stationName: '青岚派出所', evidence: '2' }] }))
    await check()
    expect(apply().text()).toBe('带提醒应用')
    expect(apply().element.disabled).toBe(false)
  })

  test('another system or property: what was found no longer holds', async () => {
    await open()
    await choose(geoJson())
    await check()
    await wrapper.get('select').setValue('GCJ-02')
    expect(wrapper.find('.report').exists()).toBe(false)
    expect(apply().element.disabled).toBe(true)
  })

  test('after an error the file stays chosen', async () => {
    await open()
    await choose(geoJson())
    reply = () => Response.json({ code: 'internal', detail: '', requestId: 'r9' }, { status: 500 })
    await check()
    expect(wrapper.get('[role=alert]').text()).toContain('没有检查成')
    expect(wrapper.get('.file').text()).toContain('辖区.geojson')
    reply = () => Response.json(report({}))
    await check()
    expect(wrapper.text()).toContain('没有问题')
  })

  test('a file too large is refused before it is read; the one before stays', async () => {
    await open()
    await choose(geoJson())
    await choose('{}', MAX_JURISDICTION_FILE_BYTES + 1)
    expect(wrapper.get('[role=alert]').text()).toContain('最多 8.4 MB')
    await check()
    expect(asked.at(-1)!.geoJson).toBe(geoJson())
  })

  test('others than the system administrator find no form', async () => {
    await open('ops')
    expect(wrapper.find('form').exists()).toBe(false)
    expect(wrapper.text()).toContain('只有系统管理员')
  })
})

describe('a look into the file', () => {
  test.each(['', 'null', '[]', '{"type":"FeatureCollection"}', '{"type":"Feature"}', '{"type":"FeatureCollection","features":[1]}'])('%j is none', (text) =>
    expect(lookInto(text, [station])).toBeNull(),
  )
  test('a feature without an area is counted and not drawn', () => {
    const text = JSON.stringify({
      type: 'FeatureCollection',
      features: [{ type: 'Feature', properties: null, geometry: { type: 'Point', coordinates: [1, 2] } }],
    })
    const look = lookInto(text, [station])!
    expect(look.features).toHaveLength(1)
    expect(ringsOf(look, 'EPSG:4326')).toEqual([])
  })
  test('rings come out in WGS-84, what is no place in the system is left out', () => {
    const look = lookInto(geoJson(), [])!
    expect(ringsOf(look, 'EPSG:4490')).toEqual([ring])
    const [first] = ringsOf(look, 'GCJ-02')[0]!
    expect(Math.abs(first![0] - 111.65)).toBeGreaterThan(0.001)
    const far = geoJson().replaceAll('111.6', '411.6')
    expect(ringsOf(lookInto(far, [])!, 'EPSG:4326')).toEqual([])
  })
})
