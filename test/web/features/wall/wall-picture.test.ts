/** What one picture tells the wall's line of health (R-WALL-3). */
import { mount } from '@vue/test-utils'
import { beforeAll, expect, test } from 'vitest'
import { ref } from 'vue'
import { installMessages, useI18n } from '../../../../web/base/i18n.ts'
import { type PictureReport, wallHealth } from '../../../../web/features/wall/health.ts'
import WallPicture from '../../../../web/features/wall/WallPicture.vue'
import { messages } from '../../../../web/messages.ts'
import { cameraPoint } from '../cameras/points.ts'

/** A tile that plays. */
const LiveTile = {
  setup: () => ({ face: { kind: 'live' }, live: ref({ ageMs: 400, cause: null }), hasPicture: true, use: () => undefined }),
  render: () => null,
}

beforeAll(() => {
  installMessages(messages)
  useI18n().setLocale('zh')
})

test('a camera that was removed, or is not for this user any more, is no picture that is well: 15 of 16', async () => {
  const props = { camera: cameraPoint({ id: 'a' }), number: 1, isNext: false, isFocused: false, isLarge: false }
  const wrapper = mount(WallPicture, { props, global: { stubs: { LiveTile } } })
  await wrapper.vm.$nextTick()
  const told = () => wrapper.emitted<[PictureReport | null]>('told')!.at(-1)![0]
  expect(told()).toMatchObject({ kind: 'live', hasPicture: true })
  const others = Array<PictureReport>(15).fill(told()!)
  await wrapper.setProps({ camera: undefined })
  expect(wrapper.text()).toContain('点位已撤除，或没有查看权限')
  expect(told()).toEqual({ kind: 'noRight', ageMs: null, hasPicture: false, cause: null })
  expect(wallHealth([...others, told()!])).toMatchObject({ shown: 16, well: 15 })
  await wrapper.setProps({ camera: props.camera })
  expect(told()).toMatchObject({ kind: 'live' })
  wrapper.unmount()

  // it was gone from the start
  const gone = mount(WallPicture, { props: { ...props, camera: undefined } })
  await gone.vm.$nextTick()
  expect(gone.emitted('told')!.at(-1)).toEqual([{ kind: 'noRight', ageMs: null, hasPicture: false, cause: null }])
  gone.unmount()
})
