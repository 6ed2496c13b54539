// @vitest-environment happy-dom
/** Every switch of a rotation ends the player and the place of the picture that left (R-WALL-3). Real tiles, players that only count. */
import { flushPromises, mount } from '@vue/test-utils'
import { createPinia, setActivePinia } from 'pinia'
import { beforeAll, expect, test, vi } from 'vitest'
import { defineComponent, h, nextTick } from 'vue'
import type { CameraId } from '../../../../server/contract/ids.ts'
import { installMessages } from '../../../../web/base/i18n.ts'
import { type LiveState, playerBudget } from '../../../../web/engines/player/index.ts'
import { useCameraStore } from '../../../../web/features/cameras/store.ts'
import { wallMemory } from '../../../../web/features/to-wall/wall-memory.ts'
import { emptyWall } from '../../../../web/features/to-wall/wall-state.ts'
import { useWall, type Wall } from '../../../../web/features/wall/wall.ts'
import WallGrid from '../../../../web/features/wall/WallGrid.vue'
import { messages } from '../../../../web/messages.ts'
import { cameraPoint } from '../cameras/points.ts'

const counts = { made: 0, open: 0, resting: 0, most: 0 }
vi.mock('../../../../web/engines/player/index.ts', async (original) => ({
  ...(await original<object>()),
  decodeStill: async () => Promise.reject(new Error('no stills here')),
  createLivePlayer: (_: unknown, { onState, isResting = false }: { onState: (state: LiveState) => void; isResting?: boolean }) => {
    let isOpen = true
    let rests = isResting
    counts.made++
    counts.open++
    counts.resting += rests ? 1 : 0
    counts.most = Math.max(counts.most, counts.open)
    onState({ phase: 'live', ageMs: 100, cause: null, fault: null, opened: null } as unknown as LiveState)
    return {
      retryNow() {},
      setProfile() {},
      setSound() {},
      setResting(isOn: boolean) {
        counts.resting += Number(isOn) - Number(rests)
        rests = isOn
      },
      async close() {
        if (!isOpen) return
        isOpen = false
        counts.open--
        counts.resting -= rests ? 1 : 0
      },
    }
  },
}))

beforeAll(() => installMessages(messages))

test('200 switches leave as many players, places and videos as tiles, and each camera was opened once for its turn', async () => {
  vi.stubGlobal('fetch', async () => new Response(null, { status: 204 }))
  setActivePinia(createPinia())
  const ids = Array.from({ length: 10 }, (_, i) => `c${i}` as CameraId)
  useCameraStore().byId = new Map(ids.map((id) => [id, cameraPoint({ id })]))
  wallMemory(1).set({ ...emptyWall(4), cameraIds: [ids[0]!, ids[1]!, null, null] })
  let wall!: Wall
  const page = mount(
    defineComponent(() => {
      wall = useWall(1)
      return () => h(WallGrid, { wall })
    }),
    { attachTo: document.body },
  )
  await flushPromises()
  expect(counts).toMatchObject({ made: 2, open: 2, resting: 0 })

  for (let turn = 1; turn <= 200; turn++) {
    const next = ids.map((_, i) => ids[(turn * 2 + i) % ids.length]!).slice(0, 2)
    wall.prepare(new Map(next.map((id, tile) => [tile, id])))
    await nextTick()
    expect(counts.resting).toBe(2)
    wall.set({ ...wall.state.value, cameraIds: [...next, null, null] })
    wall.prepare(new Map())
    await nextTick()
  }
  await flushPromises()
  expect(counts).toEqual({ made: 2 + 200 * 2, open: 2, resting: 0, most: 4 })
  expect(playerBudget.open()).toHaveLength(2)
  expect(document.querySelectorAll('video')).toHaveLength(2)
  page.unmount()
  expect(counts.open).toBe(0)
  expect(playerBudget.open()).toHaveLength(0)
  vi.unstubAllGlobals()
})
