/** Marks and locks beside the timeline (R-PLAY-4). */
import { flushPromises, mount } from '@vue/test-utils'
import { afterEach, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest'
import { effectScope, type EffectScope, shallowRef } from 'vue'
import type { CameraId } from '../../../../server/contract/ids.ts'
import { installMessages, useI18n } from '../../../../web/base/i18n.ts'
import { sayLock, sayUnlocking } from '../../../../web/features/marks/lock-words.ts'
import LockForm from '../../../../web/features/marks/LockForm.vue'
import MarkInput from '../../../../web/features/marks/MarkInput.vue'
import MarkList from '../../../../web/features/marks/MarkList.vue'
import { type Marks, useMarks } from '../../../../web/features/marks/marks.ts'
import { messages } from '../../../../web/messages.ts'
import { createRecordingsApi, type RecordingsApi, toFetch } from '../../support/recordings-api.ts'
import { cameraPoint } from '../cameras/points.ts'

const now = new Date(2026, 10, 22, 19, 42, 8).getTime()
const hour = 3600_000
const [a, b] = ['a', 'b'] as CameraId[] as [CameraId, CameraId]
let api: RecordingsApi
let asked: { method: string; path: string; body: unknown }[]
let scope: EffectScope
let ids = shallowRef<readonly CameraId[]>([a, b])
let wanted = shallowRef({ fromAt: now - 2 * hour, toAt: now + hour })

beforeAll(() => {
  installMessages(messages)
  useI18n().setLocale('zh')
})
beforeEach(() => {
  vi.useFakeTimers({ now })
  api = createRecordingsApi({ recordedIn: () => [], gapsIn: () => [] })
  asked = []
  vi.stubGlobal('fetch', toFetch(api, asked))
  scope = effectScope()
  ids = shallowRef<readonly CameraId[]>([a, b])
  wanted = shallowRef({ fromAt: now - 2 * hour, toAt: now + hour })
})
afterEach(() => {
  scope.stop()
  vi.useRealTimers()
  vi.unstubAllGlobals()
})
const settle = async (ms = 0) => {
  await vi.advanceTimersByTimeAsync(ms)
  await flushPromises()
}
const open = async (): Promise<Marks> => {
  const marks = scope.run(() =>
    useMarks(
      () => ids.value,
      () => wanted.value,
    ),
  )!
  await settle(200)
  return marks
}
const gets = () => asked.filter(({ method }) => method === 'GET').map(({ path }) => path)

describe('R-PLAY-4 what is marked and locked', () => {
  test('is read for every camera, and anew after a change; oldest first', async () => {
    const marks = await open()
    expect(gets()).toEqual(['/api/cameras/a/marks', '/api/cameras/b/marks'])
    await marks.addMark(b, now - hour, '复核')
    await marks.addMark(a, now - 2 * hour + 1, '白色面包车驶入')
    expect(marks.marks.value.map(({ cameraId, note }) => [cameraId, note])).toEqual([
      [a, '白色面包车驶入'],
      [b, '复核'],
    ])
    await marks.removeMark(marks.marks.value[0]!)
    expect(marks.byId.value.get(a)!.marks).toEqual([])
  })

  test('a small move asks for nothing, a far one does; others’ marks come after half a minute', async () => {
    const marks = await open()
    asked.length = 0
    wanted.value = { fromAt: now - 2.5 * hour, toAt: now + hour }
    await settle(200)
    expect(gets()).toEqual([])
    wanted.value = { fromAt: now - 30 * hour, toAt: now - 28 * hour }
    await settle(200)
    expect(gets()).toHaveLength(2)
    api.answer('POST', new URL('http://x/api/cameras/a/marks'), { at: now - 29 * hour, note: '别人标的' })
    await settle(30_000)
    expect(marks.marks.value.map(({ note }) => note)).toEqual(['别人标的'])
  })

  test('says what went wrong, and goes on by itself', async () => {
    vi.stubGlobal('fetch', async () => Response.json({ code: 'database_unavailable', detail: '', requestId: 'r' }, { status: 503 }))
    const marks = await open()
    expect(marks.problem.value).toMatchObject({ code: 'database_unavailable' })
    vi.stubGlobal('fetch', toFetch(api))
    await settle(30_000)
    expect(marks.problem.value).toBeNull()
  })

  test.each([
    { untilAt: new Date(2026, 11, 31).getTime(), lock: '已锁定至 12-31', warning: '解锁后 12-31 前的这段录像会按期删除' },
    { untilAt: new Date(2027, 0, 5).getTime(), lock: '已锁定至 2027-01-05', warning: '解锁后 2027-01-05 前的这段录像会按期删除' },
    { untilAt: null, lock: '已锁定', warning: '解锁后这段录像会按期删除' },
  ])('$lock', ({ untilAt, lock, warning }) => {
    expect([sayLock({ untilAt }, now), sayUnlocking({ untilAt }, now)]).toEqual([lock, warning])
  })
})

describe('R-PLAY-4 a mark is written where the playhead stands', () => {
  test('Enter keeps it; an error stays with what was typed; Esc leaves', async () => {
    const save = vi.fn<(note: string) => Promise<void>>().mockRejectedValueOnce(new Error('away')).mockResolvedValue()
    const input = mount(MarkInput, { props: { at: now, cameraName: '澄桥路口-03', save }, attachTo: document.body })
    await input.get('form').trigger('submit')
    expect(save).not.toHaveBeenCalled()
    await input.get('input').setValue('  白色面包车 ')
    await input.get('form').trigger('submit')
    await settle()
    expect(save).toHaveBeenLastCalledWith('白色面包车')
    expect(input.get('[role=alert]').text()).toContain('没有保存')
    await input.get('form').trigger('submit')
    await settle()
    expect(input.emitted('close')).toHaveLength(1)
    await input.get('input').trigger('keydown', { key: 'Escape' })
    expect(input.emitted('close')).toHaveLength(2)
    input.unmount()
  })
})

describe('R-PLAY-4 locks', () => {
  const selection = { fromAt: now - hour, toAt: now - hour / 2 }
  const ticked = ['a', 'b'].map((id) => cameraPoint({ id, name: `澄桥路口-${id}` }))
  const openForm = (more: object = {}) => {
    const save = vi.fn(async () => {})
    return { save, form: mount(LockForm, { props: { selection, focus: ticked[0], ticked, now, save, ...more } }) }
  }

  test('to the end of the day that was named, for the camera looked at', async () => {
    const { form, save } = openForm()
    expect(form.get('button[type=submit]').attributes('disabled')).toBeDefined()
    await form.get('input[type=date]').setValue('2026-12-31')
    await form.findAll('input').at(-1)!.setValue('演示案 C-118')
    await form.get('form').trigger('submit')
    expect(save).toHaveBeenCalledWith(['a'], { ...selection, untilAt: new Date(2027, 0, 1).getTime(), reason: '演示案 C-118' })
  })

  test('until it is unlocked, for all ticked', async () => {
    const { form, save } = openForm()
    for (const label of ['勾选的 2 路', '直到解锁'])
      await form
        .findAll('button')
        .find((button) => button.text() === label)!
        .trigger('click')
    await form.findAll('input').at(-1)!.setValue('投诉')
    await form.get('form').trigger('submit')
    expect(save).toHaveBeenCalledWith(['a', 'b'], { ...selection, untilAt: null, reason: '投诉' })
  })

  test('not longer than the server takes, not into the past: said, not sent', async () => {
    const { form } = openForm({ selection: { fromAt: now - 32 * 24 * hour, toAt: now } })
    expect(form.text()).toContain('最多锁定 31 天')
    const other = openForm()
    await other.form.get('input[type=date]').setValue('2026-11-21')
    expect(other.form.text()).toContain('须在今天或以后')
    await other.form.findAll('input').at(-1)!.setValue('x')
    await other.form.get('form').trigger('submit')
    expect(other.save).not.toHaveBeenCalled()
  })

  test('unlocking asks first, and says what follows; who may not download has no such button', async () => {
    const marks = await open()
    await marks.addLocks([a, b], { ...selection, untilAt: new Date(2026, 11, 31).getTime(), reason: '演示案' })
    const props = { marks, nameOf: (id: CameraId) => `点位 ${id}`, now, account: 'D-017' }
    const list = mount(MarkList, { props: { ...props, canLock: true } })
    await list
      .findAll('button')
      .find((button) => button.text() === '解锁')!
      .trigger('click')
    expect(list.get('[role=alertdialog]').text()).toContain('解锁后 12-31 前的这段录像会按期删除')
    expect(api.locks()).toHaveLength(2)
    await list.get('.danger').trigger('click')
    await settle()
    expect(api.locks().map(({ cameraId }) => cameraId)).toEqual([b])
    expect(mount(MarkList, { props: { ...props, canLock: false } }).text()).not.toContain('解锁')
  })

  test('a mark of somebody else is only removed by who may download; a click on one goes there', async () => {
    const marks = await open()
    await marks.addMark(a, now - hour, '复核')
    const props = { marks, nameOf: () => '澄桥路口-03', now, account: 'D-021' }
    const list = mount(MarkList, { props: { ...props, canLock: false } })
    expect(list.find('.icon-button').exists()).toBe(false)
    await list.get('.what').trigger('click')
    expect(list.emitted('jump')).toEqual([[now - hour, a]])
    const others = mount(MarkList, { props: { ...props, canLock: true } })
    await others.get('.icon-button').trigger('click')
    await settle()
    expect(api.marks()).toEqual([])
  })
})
