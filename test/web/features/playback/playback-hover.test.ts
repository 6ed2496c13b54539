/** What stands above the hand on the timeline where no picture can: the gap's reason, or why this browser or this moment has none (R-PLAY-2). */
import { mount } from '@vue/test-utils'
import { createPinia } from 'pinia'
import { beforeAll, describe, expect, test } from 'vitest'
import type { CameraId } from '../../../../server/contract/ids.ts'
import { muxStill } from '../../../../server/protocols/mp4/still.ts'
import { ApiError } from '../../../../web/base/api.ts'
import { installMessages, useI18n } from '../../../../web/base/i18n.ts'
import { codecOfStill } from '../../../../web/engines/player/still-frame.ts'
import PlaybackHover from '../../../../web/features/playback/PlaybackHover.vue'
import type { NoStill } from '../../../../web/features/playback/thumbnails.ts'
import { messages } from '../../../../web/messages.ts'
import { hd, hevc } from '../../../media/recorded.ts'

const now = new Date(2026, 10, 22, 19, 42, 8).getTime()

beforeAll(() => {
  installMessages(messages)
  useI18n().setLocale('zh')
})

function wordsOf({ missing, reason = '', ageMs = 3_600_000 }: { missing: NoStill | null; reason?: string; ageMs?: number }): string[] {
  const at = now - ageMs
  const wrapper = mount(PlaybackHover, {
    props: {
      hover: { at, xPx: 100, row: null, gap: null, fault: null, mark: null, lock: null } as never,
      thumbnail: { cameraId: 'a' as CameraId, at, still: null, missing },
      cameraName: '',
      missing: reason,
      now,
    },
    global: { plugins: [createPinia()] },
  })
  const lines = wrapper.findAll('.line').map((line) => line.text())
  expect(wrapper.find('.picture').exists()).toBe(missing === null)
  wrapper.unmount()
  return lines
}

describe('R-PLAY-2 no still above the pointer', () => {
  test.each([
    { name: 'on its way', given: { missing: null }, words: ['18:42:08'] },
    { name: 'a gap that the timeline knows', given: { missing: { why: 'nothing' as const }, reason: '线路中断' }, words: ['该时段无录像：线路中断'] },
    { name: 'recorded, as far as is known', given: { missing: { why: 'nothing' as const } }, words: ['此刻没有存下画面'] },
    { name: 'just recorded', given: { missing: { why: 'nothing' as const }, ageMs: 20_000 }, words: ['刚录下，静帧稍后可看'] },
    { name: 'H.265', given: { missing: { why: 'h265' as const } }, words: ['本机浏览器不能显示 H.265 静帧'] },
    { name: 'damaged', given: { missing: { why: 'undecodable' as const } }, words: ['这一静帧不能显示：画面数据解不出'] },
    {
      name: 'the server was not reached',
      given: { missing: { why: 'failed' as const, problem: new ApiError('server_unreachable', 0) } },
      words: ['静帧没有读到：连不上服务器，正在重试'],
    },
  ])('$name', ({ given, words }) => expect(wordsOf(given)).toEqual(words))
})

test('the codec of a still is read from its head', () => {
  const bufferOf = (mp4: Uint8Array) => new Uint8Array(mp4).buffer
  expect(codecOfStill(bufferOf(muxStill(hevc, new Uint8Array(5_000))))).toBe('h265')
  // pictures may hold any bytes
  expect(codecOfStill(bufferOf(muxStill(hd, Buffer.from('hvc1'.repeat(2_000)).subarray(0, 8_000))))).toBe('h264')
})
