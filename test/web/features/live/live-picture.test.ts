// @vitest-environment happy-dom
import { createPinia, setActivePinia } from 'pinia'
import { beforeEach, describe, expect, test, vi } from 'vitest'
import { effectScope, nextTick, type Ref, shallowRef } from 'vue'
import { type LiveState, playerBudget, usualHook } from '../../../../web/engines/player/index.ts'
import { useLivePicture } from '../../../../web/features/live/live-picture.ts'
import { cameraPoint } from '../cameras/points.ts'

type MadePlayer = { retryNow: ReturnType<typeof vi.fn>; close: ReturnType<typeof vi.fn>; tell(state: Partial<LiveState>): void }
const made: MadePlayer[] = []

vi.mock('../../../../web/engines/player/index.ts', async (original) => ({
  ...(await original<object>()),
  createLivePlayer: (_: unknown, { onState }: { onState: (state: LiveState) => void }) => {
    const player = { retryNow: vi.fn(), close: vi.fn(), tell: (state: Partial<LiveState>) => onState(state as LiveState) }
    made.push(player)
    return player
  },
}))

const offline = (id = 'a') => cameraPoint({ id, status: 'offline', cause: 'refused_login' })

function mount() {
  const camera = shallowRef(cameraPoint({ id: 'a' }))
  const video = shallowRef<HTMLVideoElement | null>(document.createElement('video'))
  const scope = effectScope()
  scope.run(() =>
    useLivePicture({
      video,
      holdCanvas: shallowRef(null) as Ref<HTMLCanvasElement | null>,
      cameraId: () => camera.value.cameraId,
      profile: () => 'main',
      status: () => camera.value.state.status,
    }),
  )
  return { camera, video, end: () => scope.stop() }
}

beforeEach(() => {
  made.length = 0
  setActivePinia(createPinia())
})

describe('R-WALL-3 pictures that wait for a place', () => {
  test('each gets one player when there is room for several, and all places are free again after them', async () => {
    playerBudget.setLimit(() => false)
    const waiting = await Promise.all(
      [0, 1, 2].map(async () => {
        const mounted = mount()
        const element = mounted.video.value
        mounted.video.value = null
        await nextTick()
        mounted.video.value = element
        await nextTick()
        return mounted
      }),
    )
    expect(made).toHaveLength(0)
    playerBudget.setLimit(usualHook)
    expect(made).toHaveLength(3)
    expect(playerBudget.open()).toHaveLength(3)
    for (const { end } of waiting) end()
    expect(playerBudget.open()).toHaveLength(0)
    expect(made.every(({ close }) => close.mock.calls.length === 1)).toBe(true)
  })
})

describe('R-LIVE one player per camera', () => {
  async function opened() {
    const mounted = mount()
    const element = mounted.video.value
    mounted.video.value = null
    await nextTick()
    mounted.video.value = element
    await nextTick()
    made.splice(0, made.length - 1)
    return mounted
  }

  test('a new state of the camera leaves the picture alone, another camera is another player', async () => {
    const { camera, end } = await opened()
    const [first] = made
    camera.value = cameraPoint({ id: 'a', sinceAt: 5 })
    await nextTick()
    camera.value = offline()
    await nextTick()
    expect(made).toHaveLength(1)
    expect(first?.close).not.toHaveBeenCalled()
    camera.value = cameraPoint({ id: 'b' })
    await nextTick()
    expect(made).toHaveLength(2)
    expect(first?.close).toHaveBeenCalledOnce()
    end()
    expect(made[1]?.close).toHaveBeenCalledOnce()
  })

  test.each([
    ['refused', 1],
    ['stalled', 1],
    ['live', 0],
  ] as const)('a camera that answers again is asked at once while the picture is %s: %i', async (phase, times) => {
    const { camera, end } = await opened()
    camera.value = offline()
    await nextTick()
    made[0]?.tell({ phase })
    camera.value = cameraPoint({ id: 'a' })
    await nextTick()
    expect(made[0]?.retryNow).toHaveBeenCalledTimes(times)
    end()
  })
})
