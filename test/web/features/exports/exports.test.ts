/** Asking for clips and what became of them (R-DL). */
import { flushPromises, mount, type VueWrapper } from '@vue/test-utils'
import { afterEach, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest'
import { effectScope } from 'vue'
import type { ClipSize, Export, ExportLimits } from '../../../../server/contract/exports.ts'
import type { CameraId } from '../../../../server/contract/ids.ts'
import type { Gap, TimeRange } from '../../../../server/contract/recordings.ts'
import { installMessages, useI18n } from '../../../../web/base/i18n.ts'
import { setPreferenceAccount } from '../../../../web/base/preference.ts'
import ClipPanel from '../../../../web/features/exports/ClipPanel.vue'
import { needsApproval, sayRequest, whyNot } from '../../../../web/features/exports/clip-words.ts'
import { sayFacts, sayTitle } from '../../../../web/features/exports/export-words.ts'
import { useExports } from '../../../../web/features/exports/exports.ts'
import { createPace } from '../../../../web/features/exports/pace.ts'
import { useCameraStore } from '../../../../web/features/cameras/store.ts'
import ExportNews from '../../../../web/features/exports/ExportNews.vue'
import { sayGap } from '../../../../web/features/playback/gap-words.ts'
import { messages } from '../../../../web/messages.ts'
import { createRecordingsApi, type RecordingsApi, toFetch } from '../../support/recordings-api.ts'
import { signInAs } from '../../support/sign-in.ts'
import { cameraPoint } from '../cameras/points.ts'

const now = new Date(2026, 10, 22, 19, 42, 8).getTime()
const minute = 60_000
const selection = { fromAt: now - 60 * minute, toAt: now - 50 * minute }
const gap: Gap = { fromAt: now - 58 * minute, toAt: now - 58 * minute + 125_000, reason: 'disk', cause: null }
let api: RecordingsApi
let asked: { method: string; path: string; body: unknown }[]

beforeAll(() => {
  installMessages(messages)
  useI18n().setLocale('zh')
})
beforeEach(() => {
  vi.useFakeTimers({ now })
  const inRange = <R extends TimeRange>(ranges: R[], range: TimeRange) => ranges.filter(({ fromAt, toAt }) => fromAt < range.toAt && toAt > range.fromAt)
  api = createRecordingsApi({
    recordedIn: (cameraId, range) =>
      cameraId === 'b'
        ? [
            { fromAt: range.fromAt, toAt: gap.fromAt },
            { fromAt: gap.toAt, toAt: range.toAt },
          ]
        : [range],
    gapsIn: (cameraId, range) => (cameraId === 'b' ? inRange([gap], range) : []),
  })
  asked = []
  vi.stubGlobal('fetch', toFetch(api, asked))
})
afterEach(() => {
  vi.useRealTimers()
  vi.unstubAllGlobals()
})
const settle = async (ms = 0) => {
  await vi.advanceTimersByTimeAsync(ms)
  await flushPromises()
}
const wish = { ...selection, cameraIds: ['a'] as CameraId[], purpose: 'case' as const, documentNumber: '', reason: '', isWatermarked: false, isH264: false }

describe('R-DL-1 what a request says before it is made', () => {
  const limits: ExportLimits = { approvalOverBytes: 500e6, perDayBytes: 2e9, usedBytes: 1e9, perDayCount: 10, usedCount: 3, keepDays: 7 }
  const size = (bytes: number, recordedMs = 1000): ClipSize => ({ cameraId: 'a' as CameraId, recordedMs, bytes, gaps: [] })
  const good = { selection, sizes: [size(100e6)], ticked: 1, limits }
  test.each([
    { name: 'fits', more: {}, why: '' },
    { name: 'nothing selected', more: { selection: null }, why: '先选段' },
    { name: 'no camera', more: { ticked: 0, sizes: [] }, why: '至少勾选一路' },
    { name: 'longer than a day', more: { selection: { fromAt: 0, toAt: 25 * 60 * minute } }, why: '一次最多 1天' },
    { name: 'nothing recorded', more: { sizes: [size(0, 0)] }, why: '勾选的点位在该时段都没有录像' },
    { name: 'the day’s count', more: { limits: { ...limits, usedCount: 10 } }, why: '24 小时内已达 10 次，稍后再申请' },
    { name: 'the day’s bytes', more: { sizes: [size(1.1e9)] }, why: '超过 24 小时余量 1.0 GB，缩短时段或稍后再申请' },
    { name: 'sizes still unknown', more: { sizes: [] }, why: '' },
  ])('$name', ({ more, why }) => expect(whyNot({ ...good, ...more })).toBe(why))

  test('the button says how many, how much, and whether somebody must approve', () => {
    expect(sayRequest(good)).toBe('下载 1 路 · 100 MB')
    expect(needsApproval({ sizes: [size(500e6)], limits })).toBe(false)
    expect(sayRequest({ ...good, ticked: 2, sizes: [size(400e6), size(101e6)] })).toBe('申请下载 2 路 · 501 MB')
    expect(sayRequest({ ...good, ticked: 2 })).toBe('下载 2 路 · —')
  })
})

describe('R-DL-2 what a download says of itself', () => {
  const facts = (more: Partial<Export>, remainingMs: number | null = null) => sayFacts(api.makeExport(wish, more), { now, remainingMs })
  test.each([
    { name: 'running', got: () => facts({ state: 'running' }, 38_000), want: '已写 0 B · 约剩 38秒' },
    { name: 'waiting', got: () => facts({ state: 'waiting', requestedAt: now - 60_000 }), want: '300 MB · 19:41:08 申请' },
    {
      name: 'of somebody else',
      got: () => facts({ state: 'waiting', isMine: false, requestedBy: 'D-021', requestedAt: now }),
      want: '300 MB · 19:42:08 申请 · D-021 申请',
    },
    { name: 'ready', got: () => facts({ state: 'ready', expiresAt: now + 6 * 86_400_000 }), want: '300 MB · 剩 6天' },
    { name: 'rejected', got: () => facts({ state: 'rejected', decidedBy: 'D-009', decisionNote: '文号不符' }), want: '300 MB · D-009 驳回 · 文号不符' },
  ])('$name', ({ got, want }) => expect(got()).toBe(want))

  test('why it failed, each cause once', () => {
    const failed = api.makeExport({ ...wish, cameraIds: ['a', 'b'] as CameraId[] }, { state: 'failed' })
    const clips = failed.clips.map((clip) => ({ ...clip, state: 'failed' as const, failure: 'disk_missing' as const }))
    expect(sayFacts({ ...failed, clips }, { now, remainingMs: null }).match(/磁盘不在/g)).toHaveLength(1)
    expect(sayTitle({ ...failed, clips }, now)).toBe('点位 a 等 2 路 · 18:42:08–18:52:08')
  })

  test('remaining time comes from the pace of media time, and is not told while nothing moves', () => {
    const pace = createPace()
    pace.note(0, { doneMs: 0, totalMs: 600_000 })
    expect(pace.remainingMs()).toBeNull()
    pace.note(10_000, { doneMs: 200_000, totalMs: 600_000 })
    expect(pace.remainingMs()).toBe(20_000)
    for (const atMs of [20_000, 30_000, 40_000]) pace.note(atMs, { doneMs: 200_000, totalMs: 600_000 })
    expect(pace.remainingMs()).toBeNull()
  })
})

describe('R-DL-2 the list', () => {
  const reads = () => asked.filter(({ method, path }) => method === 'GET' && path === '/api/exports').length
  test('every two seconds while something moves, else every half minute; an error does not end it', async () => {
    const scope = effectScope()
    const exports = scope.run(() => useExports())!
    await settle(29_000)
    expect(reads()).toBe(1)
    await exports.request(wish)
    await settle()
    const before = reads()
    await settle(10_000)
    expect(reads() - before).toBe(5)
    api.progress(1)
    await settle(2_000)
    const rested = reads()
    await settle(29_000)
    expect(reads()).toBe(rested)
    vi.stubGlobal('fetch', async () => Promise.reject(new TypeError('away')))
    await settle(2_000)
    expect(exports.problem.value).toMatchObject({ code: 'server_unreachable' })
    vi.stubGlobal('fetch', toFetch(api, asked))
    await settle(30_000)
    expect(exports.problem.value).toBeNull()
    scope.stop()
    const ended = reads()
    await settle(60_000)
    expect(reads()).toBe(ended)
  })
})

describe('R-DL-1 the panel', () => {
  let panel: VueWrapper
  afterEach(() => panel.unmount())
  const cameras = ['a', 'b'].map((id) => cameraPoint({ id, name: `澄桥路口-${id}` }))
  async function open(more: object = {}) {
    panel = mount(ClipPanel, {
      props: {
        cameras,
        selection,
        now,
        sayGap,
        unticked: new Set<CameraId>(),
        'onUpdate:unticked': (unticked: ReadonlySet<CameraId>) => panel.setProps({ unticked }),
        ...more,
      },
      global: { plugins: [signInAs({ role: 'supervisor' })] },
      attachTo: document.body,
    })
    await settle(400)
  }
  const ask = () => panel.get('.ask')
  const posts = () => asked.filter(({ method }) => method === 'POST')
  const button = (text: string) => panel.findAll('button').find((each) => each.text() === text)!

  test('each camera with what is there and what is missing; only the ticked are asked for, with purpose and number', async () => {
    await open()
    expect(panel.findAll('.camera').map((row) => row.text())).toEqual(['澄桥路口-a完整300 MB', '澄桥路口-b238 MB'])
    expect(panel.get('.missing').text()).toBe('缺 2分5秒（磁盘故障或切换），将写入清单')
    expect(ask().text()).toBe('申请下载 2 路 · 538 MB')
    await panel.findAll('.camera input')[0]!.trigger('change')
    expect(ask().text()).toBe('下载 1 路 · 238 MB')
    await panel.get('#export-purpose').setValue('traffic')
    await panel.get('#export-number').setValue('演示字〔2026〕1122 号')
    for (const box of panel.findAll('.facts input[type=checkbox]')) await box.setValue(true)
    await panel.get('form').trigger('submit')
    await settle()
    expect(posts().map(({ body }) => body)).toEqual([
      { ...selection, cameraIds: ['b'], purpose: 'traffic', documentNumber: '演示字〔2026〕1122 号', reason: '', isWatermarked: true, isH264: true },
    ])
  })

  test('from the request to files that can be fetched, with their hashes', async () => {
    await open()
    await panel.findAll('.camera input')[1]!.trigger('change')
    await panel.get('form').trigger('submit')
    await settle()
    expect(panel.get('.export').attributes('data-state')).toBe('queued')
    api.progress(0.61)
    await settle(2_000)
    expect(panel.get('.export').text()).toContain('61')
    expect(panel.find('a').exists()).toBe(false)
    api.progress(1)
    await settle(2_000)
    const [one] = api.exports()
    expect(panel.findAll('a').map((link) => [link.attributes('href'), link.attributes('download')])).toEqual(
      ['a_clip.mp4', 'manifest.json', 'SHA256SUMS', '说明.txt'].map((name) => [`/api/exports/${one!.exportId}/file?${new URLSearchParams({ name })}`, name]),
    )
    expect(panel.get('.export').text()).toContain('sha256 9f3c…e07a')
    expect(panel.get('.export').text()).toContain('剩 7天')
  })

  test('cancelling asks first', async () => {
    await open()
    await panel.get('form').trigger('submit')
    await settle()
    await button('取消下载').trigger('click')
    expect(panel.get('[role=alertdialog]').text()).toContain('已写的文件一并删除')
    expect(api.exports()[0]!.state).not.toBe('cancelled')
    await panel.get('.danger').trigger('click')
    await settle()
    expect(api.exports()[0]!.state).toBe('cancelled')
    expect(panel.get('.export').attributes('data-state')).toBe('cancelled')
  })

  test('another account’s request is approved or rejected with a remark', async () => {
    for (const requestedBy of ['D-021', 'D-022']) api.put(api.makeExport(wish, { state: 'waiting', isMine: false, isMineToDecide: true, requestedBy }))
    await open()
    expect(panel.text()).toContain('待我审批')
    await panel.get('.decide input').setValue('文号不符')
    await button('驳回').trigger('click')
    await settle()
    expect(posts().map(({ body }) => body)).toEqual([{ isApproved: false, note: '文号不符' }])
    await button('批准').trigger('submit')
    await settle()
    expect(posts().at(-1)!.body).toMatchObject({ isApproved: true })
    expect(panel.text()).not.toContain('待我审批')
  })

  test('a refused request says so and stays as it was filled in', async () => {
    await open()
    await panel.get('#export-number').setValue('演示字')
    vi.stubGlobal('fetch', async () => Response.json({ code: 'rate_limited', detail: '', requestId: 'r', retryAfterMs: 0 }, { status: 429 }))
    await panel.get('form').trigger('submit')
    await settle()
    expect(panel.get('[role=alert]').text()).toBe('没有申请成功：超出 24 小时限额，缩短时段或稍后再申请')
    expect((panel.get('#export-number').element as HTMLInputElement).value).toBe('演示字')
  })

  test('without a selection it says how to make one; the downloads are there all the same', async () => {
    api.put(api.makeExport(wish))
    await open({ selection: null })
    expect(panel.text()).toContain('还没有选段')
    expect(panel.find('.ask').exists()).toBe(false)
    expect(panel.findAll('.export')).toHaveLength(1)
    expect(asked.some(({ path }) => path.endsWith('/clip-size'))).toBe(false)
  })
})

describe('R-DL-1 news of downloads on every page', () => {
  let wrapper: VueWrapper
  const open = async (account: string) => {
    const pinia = signInAs({ role: 'supervisor', account })
    setPreferenceAccount(account)
    wrapper = mount(ExportNews, { global: { plugins: [pinia] }, attachTo: document.body })
    await settle()
    return useCameraStore()
  }
  const button = () => wrapper.get('button.news')
  const inbox = () => document.querySelector('.inbox')
  afterEach(() => {
    wrapper.unmount()
    setPreferenceAccount('')
  })

  test('says nothing when there is nothing; else how many wait and how many are ready', async () => {
    const cameras = await open('D-101')
    expect([button().text(), button().attributes('aria-label')]).toEqual(['', '下载'])
    cameras.exportNews = { toDecide: 2, readyAts: [now - minute] }
    await settle()
    expect(button().text()).toBe('待审批 2 · 新下载 1')
    expect(button().attributes('aria-label')).toBe('下载 · 待审批 2 · 新下载 1')
  })

  test('Esc closes the list, wherever the focus is', async () => {
    await open('D-104')
    await button().trigger('click')
    await settle(500)
    expect([button().attributes('aria-expanded'), inbox() !== null]).toEqual(['true', true])
    window.dispatchEvent(new KeyboardEvent('keydown', { key: 'Escape' }))
    await settle(1_000)
    expect(button().attributes('aria-expanded')).toBe('false')
  })

  test('looking at the list is having seen what is ready, on this account alone; what waits goes on waiting', async () => {
    api.put(api.makeExport(wish, { state: 'ready', readyAt: now - minute }))
    const cameras = await open('D-102')
    cameras.exportNews = { toDecide: 1, readyAts: [now - minute] }
    await settle()
    await button().trigger('click')
    await settle(500)
    expect(inbox()?.querySelectorAll('.export .new')).toHaveLength(1)
    expect(button().text()).toBe('待审批 1')
    // one more becomes ready before one's eyes: the list has it at once, and it was seen
    const before = asked.length
    api.put(api.makeExport(wish, { state: 'ready', readyAt: now }))
    cameras.exportNews = { toDecide: 0, readyAts: [now, now - minute] }
    await settle()
    expect(asked.length).toBeGreaterThan(before)
    expect(inbox()?.querySelectorAll('.export')).toHaveLength(2)
    expect(button().text()).toBe('')
    wrapper.unmount()

    for (const [account, words] of [
      ['D-102', ''],
      ['D-103', '新下载 2'],
    ] as const) {
      const again = await open(account)
      again.exportNews = { toDecide: 0, readyAts: [now, now - minute] }
      await settle()
      expect([account, button().text()]).toEqual([account, words])
      if (account === 'D-102') wrapper.unmount()
    }
  })
})
