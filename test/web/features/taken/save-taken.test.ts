// @vitest-environment happy-dom
/** R-SEC-3: no file leaves the screen before the server has recorded it. */
import { afterEach, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest'
import type { CameraId } from '../../../../server/contract/ids.ts'
import { installMessages, useI18n } from '../../../../web/base/i18n.ts'
import { saveSnapshot } from '../../../../web/features/live/save-snapshot.ts'
import { saveSpreadsheet } from '../../../../web/features/map/spreadsheet.ts'
import { notSavedWords, saveTaken, type Taken } from '../../../../web/features/taken/save-taken.ts'
import { messages } from '../../../../web/messages.ts'
import { cameraPoint } from '../cameras/points.ts'

const order: string[] = []
let answer: () => Response

beforeAll(() => {
  installMessages(messages)
  useI18n().setLocale('zh')
})
beforeEach(() => {
  order.length = 0
  answer = () => Response.json({})
  vi.stubGlobal('fetch', async (url: string, init: { method: string; body: string }) => {
    order.push(`${init.method} ${url} ${init.body}`)
    return answer()
  })
  vi.spyOn(HTMLAnchorElement.prototype, 'click').mockImplementation(function (this: HTMLAnchorElement) {
    order.push(`saved ${this.download}`)
  })
})
afterEach(() => {
  vi.restoreAllMocks()
  vi.unstubAllGlobals()
})

const cameraId = 'a' as CameraId
const cases: { taken: Taken; asked: string }[] = [
  { taken: { what: 'snapshot', cameraId, shownAt: 1.4 }, asked: 'POST /api/cameras/a/taken-live {"shownAt":1}' },
  { taken: { what: 'recordedSnapshot', cameraId, shownAt: 2 }, asked: 'POST /api/cameras/a/taken-recorded {"shownAt":2}' },
  { taken: { what: 'cameraTable', cameraIds: [cameraId], pastAt: null }, asked: 'POST /api/taken/camera-table {"cameraIds":["a"],"pastAt":null}' },
  {
    taken: { what: 'mapPicture', lonLat: [111, 40], zoom: 15, pastAt: 7 },
    asked: 'POST /api/taken/map-picture {"lonLat":[111,40],"zoom":15,"pastAt":7}',
  },
]

describe('R-SEC-3 a file leaves the screen', () => {
  test.each(cases)('$taken.what: told first, then saved', async ({ taken, asked }) => {
    await saveTaken(taken, new Blob(['x']), 'file')
    expect(order).toEqual([asked, 'saved file'])
  })

  test.each(cases)('$taken.what: refused, or the server away, nothing is saved and it is said why', async ({ taken }) => {
    answer = () => Response.json({ code: 'forbidden', detail: '', requestId: 'r' }, { status: 403 })
    const refusal: unknown = await saveTaken(taken, new Blob(['x']), 'file').catch((error: unknown) => error)
    expect(notSavedWords(refusal)).toMatch(/没有保存.+权限/)
    answer = () => {
      throw new TypeError('no network')
    }
    const away: unknown = await saveTaken(taken, new Blob(['x']), 'file').catch((error: unknown) => error)
    expect(notSavedWords(away)).toMatch(/没有保存/)
    expect(order.filter((line) => line.startsWith('saved'))).toEqual([])
    expect(notSavedWords(new Error('something else'))).toBeUndefined()
  })

  test('a still of a live picture and a table of cameras go that way', async () => {
    const context = { drawImage() {}, fillRect() {}, fillText() {}, save() {}, restore() {}, rotate() {}, translate() {}, measureText: () => ({ width: 10 }) }
    vi.spyOn(HTMLCanvasElement.prototype, 'getContext').mockReturnValue(context as never)
    vi.spyOn(HTMLCanvasElement.prototype, 'toBlob').mockImplementation((take) => take(new Blob(['png'])))
    const video = { videoWidth: 640, videoHeight: 360 } as HTMLVideoElement
    const camera = cameraPoint({ id: 'a', name: '澄桥路口' })
    const told = { what: 'snapshot' as const, shownAt: 1_000, watermark: 'duty' }
    expect(await saveSnapshot(video, camera, told)).toContain('澄桥路口')
    await saveSpreadsheet([camera], new Map(), 0, null)
    expect(order.map((line) => line.split(/[ _]/)[0])).toEqual(['POST', 'saved', 'POST', 'saved'])
    order.length = 0
    answer = () => Response.json({ code: 'not_found', detail: '', requestId: 'r' }, { status: 404 })
    expect(await saveSnapshot(video, camera, told)).toContain('没有保存')
    await expect(saveSpreadsheet([camera], new Map(), 0, null)).rejects.toMatchObject({ code: 'not_found' })
    expect(order).toHaveLength(2)
  })
})
