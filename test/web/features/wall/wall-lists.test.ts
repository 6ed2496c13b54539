// @vitest-environment happy-dom
/** What a wall that runs for weeks knows of the layouts and rotations others change (R-WALL-1, R-WALL-2). */
import { setActivePinia } from 'pinia'
import { afterEach, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest'
import { effectScope, type EffectScope } from 'vue'
import type { CameraId } from '../../../../server/contract/ids.ts'
import { type WallLayout, type WallRotation, wallShapes } from '../../../../server/contract/walls.ts'
import { installMessages, useI18n } from '../../../../web/base/i18n.ts'
import { useCameraStore } from '../../../../web/features/cameras/store.ts'
import { emptyWall } from '../../../../web/features/to-wall/wall-state.ts'
import { useFollowLists } from '../../../../web/features/wall/follow-lists.ts'
import { useWallLists } from '../../../../web/features/wall/wall-lists.ts'
import { useWall } from '../../../../web/features/wall/wall.ts'
import { messages } from '../../../../web/messages.ts'
import { signInAs } from '../../support/sign-in.ts'

const layoutId = '8d4f4f0e-6a9f-4b4e-9a53-0d6d6f0c1a11'
const rotationId = '8d4f4f0e-6a9f-4b4e-9a53-0d6d6f0c1a12'
const ids = (...names: (string | null)[]) => names as (CameraId | null)[]
const shared = { sharedWith: ['dutyOfficer' as const], hiddenCount: 0, isMine: false, owner: 'chief', updatedAt: 0 }
const layoutOf = (rest: Partial<WallLayout> = {}): WallLayout => ({
  layoutId,
  name: '夜间',
  shape: wallShapes[4],
  cameraIds: ids('a', 'b', null, null),
  ...shared,
  ...rest,
})
const rotationOf = (rest: Partial<WallRotation> = {}): WallRotation => ({
  rotationId,
  name: '巡查',
  dwellMs: 5_000,
  onOffline: 'skip',
  steps: { kind: 'cameras', cameraIds: ['a' as CameraId] },
  ...shared,
  ...rest,
})

let server: { layouts: WallLayout[]; rotations: WallRotation[]; isDown: boolean; asked: number; gate: Promise<void> | undefined }
let scope: EffectScope
let said: string[]

beforeAll(() => {
  installMessages(messages)
  useI18n().setLocale('zh')
})
beforeEach(() => {
  vi.useFakeTimers()
  setActivePinia(signInAs({ permissions: ['camera.see', 'camera.live'] }))
  server = { layouts: [layoutOf()], rotations: [rotationOf()], isDown: false, asked: 0, gate: undefined }
  said = []
  vi.stubGlobal('fetch', async (url: string, init?: RequestInit) => {
    if (init?.method === 'DELETE') {
      server.layouts = []
      return Response.json({})
    }
    if (url === '/api/wall-layouts') server.asked++
    const answer = url === '/api/wall-layouts' ? server.layouts : server.rotations
    await server.gate
    return server.isDown ? Response.json({ code: 'database_unavailable', detail: '', requestId: 'r' }, { status: 503 }) : Response.json(answer)
  })
  scope = effectScope()
})
afterEach(() => {
  scope.stop()
  vi.useRealTimers()
  vi.unstubAllGlobals()
})

const settle = (ms = 0) => vi.advanceTimersByTimeAsync(ms)
async function open() {
  const lists = scope.run(() => useWallLists())!
  await settle()
  return lists
}
/** As the server says it. */
async function tell() {
  useCameraStore().wallListChanges++
  await settle()
}

describe('R-WALL-1 the lists of a running wall', () => {
  test('are read anew when the server says that they are others', async () => {
    const lists = await open()
    server.rotations = [rotationOf({ dwellMs: 9_000 })]
    await tell()
    expect(lists.rotations.value).toMatchObject([{ dwellMs: 9_000 }])
    server.rotations = []
    await tell()
    expect(lists.rotations.value).toEqual([])
  })

  test('told while they are being read, they are read once more: what was on its way may be older', async () => {
    const lists = await open()
    let go = () => {}
    server.gate = new Promise((resolve) => (go = resolve))
    await tell()
    server.layouts = [layoutOf({ name: '新名' })]
    await tell()
    go()
    await settle()
    expect(lists.layouts.value).toMatchObject([{ name: '新名' }])
    expect(server.asked).toBe(3)
  })

  test('what was taken away here does not come back with an answer that was on its way', async () => {
    const lists = await open()
    let go = () => {}
    server.gate = new Promise((resolve) => (go = resolve))
    await tell()
    server.gate = undefined
    await lists.removeLayout(layoutId)
    go()
    await settle()
    expect(lists.layouts.value).toEqual([])
  })

  test('a read that failed is tried again by itself, rarer each time, and stops with the page', async () => {
    server.isDown = true
    const lists = await open()
    expect(lists.problem.value?.code).toBe('database_unavailable')
    await settle(1_000)
    expect(server.asked).toBe(2)
    await settle(1_999)
    expect(server.asked).toBe(2)
    await settle(1)
    expect(server.asked).toBe(3)
    await settle(3_600_000)
    const asked = server.asked
    expect(asked).toBeGreaterThan(55)
    expect(asked).toBeLessThan(75)
    server.isDown = false
    await settle(60_000)
    expect([lists.layouts.value, lists.problem.value]).toMatchObject([[{ layoutId }], null])
    server.isDown = true
    await tell()
    scope.stop()
    const atTheEnd = server.asked
    await settle(600_000)
    expect(server.asked).toBe(atTheEnd)
  })
})

describe('R-WALL-1 what is shown goes with its layout and its rotation', () => {
  async function openWall() {
    const lists = await open()
    const wall = scope.run(() => useWall(3))!
    wall.set({ ...emptyWall(4), cameraIds: ids('a', 'b', null, null), layoutId })
    scope.run(() => useFollowLists({ wall, lists, stopRotation: () => wall.set({ ...wall.state.value, rotation: null }), say: (words) => said.push(words) }))
    return wall
  }

  test('a layout that somebody changes is shown as it is now, and can be undone', async () => {
    const wall = await openWall()
    server.layouts = [layoutOf({ cameraIds: ids('c', 'b', null, 'd') })]
    await tell()
    expect(wall.state.value.cameraIds).toEqual(['c', 'b', null, 'd'])
    expect(said).toEqual(['「夜间」已被chief修改，已换上'])
    wall.undo()
    expect(wall.state.value.cameraIds).toEqual(['a', 'b', null, null])
  })

  test('what was changed on this wall, or is turned by a rotation, stays', async () => {
    const wall = await openWall()
    wall.clear(1)
    server.layouts = [layoutOf({ cameraIds: ids('c', 'b', null, 'd') })]
    await tell()
    expect(wall.state.value.cameraIds).toEqual(['a', null, null, null])
    wall.set({ ...emptyWall(4), cameraIds: ids('c', 'b', null, 'd'), layoutId, rotation: { rotationId, isPaused: false, cursor: 0 } })
    server.layouts = [layoutOf({ cameraIds: ids('x', null, null, null) })]
    await tell()
    expect(wall.state.value.cameraIds).toEqual(['c', 'b', null, 'd'])
    expect(said).toEqual([])
  })

  test('one that is taken away leaves its pictures; a rotation stops at its last ones; both are said', async () => {
    const wall = await openWall()
    wall.set({ ...wall.state.value, rotation: { rotationId, isPaused: false, cursor: 0 } })
    server.layouts = []
    server.rotations = []
    await tell()
    expect(wall.state.value).toMatchObject({ cameraIds: ['a', 'b', null, null], layoutId: null, rotation: null })
    expect(said).toEqual(['布局「夜间」已删除或不再共享，画面不变', '轮巡「巡查」已删除或不再共享，已停在最后的画面'])
  })
})
