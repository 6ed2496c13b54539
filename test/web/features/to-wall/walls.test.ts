// @vitest-environment happy-dom
/** Sending cameras to walls of other windows: who is there, who has gone, and a wall that is not open (R-WALL-4). */
import { createPinia, setActivePinia } from 'pinia'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { effectScope, type EffectScope } from 'vue'
import { CameraId, type UserId } from '../../../../server/contract/ids.ts'
import { wallShapes } from '../../../../server/contract/walls.ts'
import { useAccountStore } from '../../../../web/features/accounts/store.ts'
import { droppedCameras, isCameraDrag, startCameraDrag, startNamedDrag } from '../../../../web/features/to-wall/camera-drag.ts'
import { openWallLine, type WallLine, type WallMessage } from '../../../../web/features/to-wall/wall-channel.ts'
import { wallMemory, type WallNumber } from '../../../../web/features/to-wall/wall-memory.ts'
import { emptyWall } from '../../../../web/features/to-wall/wall-state.ts'
import { useWalls } from '../../../../web/features/to-wall/walls.ts'

const id = (text: string) => CameraId.parse(text)
let scope: EffectScope
let lines: WallLine[]

/** Another window with a wall. */
function openOther(wall: WallNumber, account = 'duty') {
  const heard: WallMessage[] = []
  const line = openWallLine(
    () => account,
    (message) => {
      heard.push(message)
      if (message.type === 'who') line.post({ type: 'here', account, wall, name: '', tiles: 4, shown: 0 })
      if (message.type === 'show' && message.wall === wall)
        line.post({
          type: 'shown',
          account,
          requestId: message.requestId,
          wall,
          placed: message.cameraIds.map((cameraId, tile) => ({ cameraId, tile })),
          leftOut: [],
        })
    },
  )
  lines.push(line)
  return { line, heard }
}
const use = () => scope.run(() => useWalls())!

beforeEach(() => {
  setActivePinia(createPinia())
  useAccountStore().me = { userId: 'u' as UserId, account: 'duty' } as never
  scope = effectScope()
  lines = []
})
afterEach(() => {
  scope.stop()
  for (const line of lines) line.close()
})

describe('R-WALL-4 several walls', () => {
  test('walls of other windows are found, those of another account are not', async () => {
    openOther(2)
    openOther(3, 'somebody else')
    const { others } = use()
    await vi.waitFor(() => expect(others.value.map(({ wall }) => wall)).toEqual([2]))
  })

  test('what is sent goes to the chosen window, which says where it is shown', async () => {
    const { heard } = openOther(2)
    const { send } = use()
    expect(await send([id('a'), id('b')], 2)).toEqual({ wall: 2, tiles: [0, 1], leftOut: [], replaced: [], isHeld: false })
    expect(heard.find(({ type }) => type === 'show')).toMatchObject({ wall: 2, cameraIds: ['a', 'b'], how: 'add' })
  })

  test('one that closes says goodbye; one that died does not answer any more', async () => {
    const [second, third] = [openOther(2), openOther(3)]
    const { others } = use()
    await vi.waitFor(() => expect(others.value).toHaveLength(2))
    second.line.post({ type: 'gone', account: 'duty', wall: 2 })
    await vi.waitFor(() => expect(others.value.map(({ wall }) => wall)).toEqual([3]))
    second.line.close()
    third.line.close()
    await vi.waitFor(() => expect(others.value).toEqual([]), 6_000)
  })

  test('a wall that is not open takes it into its memory, and says when it is full', async () => {
    wallMemory(4).set(emptyWall(1))
    const { send } = use()
    expect(await send([id('a'), id('b')], 4)).toEqual({ wall: 4, tiles: [0], leftOut: ['b'], replaced: [], isHeld: false })
    expect(wallMemory(4).state.value.cameraIds).toEqual(['a'])
    expect(await send([id('a'), id('b')], 4, { how: 'replace' })).toEqual({ wall: 4, tiles: [0, 1], leftOut: [], replaced: [], isHeld: false })
    expect(wallMemory(4).state.value.cameraIds).toEqual(['a', 'b', null, null])
  })

  test('a full wall that is not open gives up a tile, each time another one; a rotation on it goes on beside', async () => {
    const rotation = { rotationId: '8d4f4f0e-6a9f-4b4e-9a53-0d6d6f0c1a11', isPaused: false, cursor: 4 }
    wallMemory(3).set({ ...emptyWall(4), cameraIds: [id('a'), id('b'), id('c'), id('d')], rotation })
    const { send } = use()
    expect(await send([id('x')], 3)).toEqual({ wall: 3, tiles: [3], leftOut: [], replaced: ['d'], isHeld: true })
    expect(await send([id('y')], 3)).toMatchObject({ tiles: [2], replaced: ['c'] })
    expect(await send([id('z')], 3, { tile: 0 })).toMatchObject({ tiles: [0], replaced: ['a'] })
    expect(wallMemory(3).state.value).toMatchObject({ cameraIds: ['z', 'b', 'y', 'x'], rotation: { ...rotation, held: [0, 2, 3] } })
  })

  test('the chosen tile goes with the message; what an open wall shows is known as it says so, of a closed one as it is kept', async () => {
    const { line, heard } = openOther(2)
    wallMemory(4).set({ ...emptyWall(1), cameraIds: [id('k')] })
    const { others, send, pictureOf, ask } = use()
    await vi.waitFor(() => expect(others.value).toHaveLength(1))
    expect(pictureOf(2)).toBeNull() // of a version that does not say it
    expect(pictureOf(4)).toEqual({ shape: wallShapes[1], cameraIds: ['k'], isTurning: false })
    line.post({
      type: 'here',
      account: 'duty',
      wall: 2,
      name: '',
      tiles: 4,
      shown: 1,
      picture: { shape: wallShapes[4], cameraIds: [id('a'), null, null, null], isTurning: true },
    })
    await vi.waitFor(() => expect(pictureOf(2)).toMatchObject({ cameraIds: ['a', null, null, null], isTurning: true }))
    const asked = heard.filter(({ type }) => type === 'who').length
    ask()
    await vi.waitFor(() => expect(heard.filter(({ type }) => type === 'who').length).toBeGreaterThan(asked))
    await send([id('x')], 2, { tile: 3 })
    expect(heard.find(({ type }) => type === 'show')).toMatchObject({ wall: 2, how: 'add', tile: 3 })
  })

  test('what is no message of ours is not heard', async () => {
    const { heard } = openOther(2)
    const channel = new BroadcastChannel('mapwall:walls')
    for (const nonsense of [
      null,
      'x',
      { type: 'show', account: 'duty' },
      { type: 'show', account: 'duty', requestId: 'r', wall: 9, cameraIds: ['../'], how: 'add' },
    ])
      channel.postMessage(nonsense)
    channel.postMessage({ type: 'who', account: 'duty' })
    await vi.waitFor(() => expect(heard.map(({ type }) => type)).toEqual(['who']))
    channel.close()
  })
})

test('R-WALL-1 dragged cameras: only ids that are ids arrive', () => {
  const kept = new Map<string, string>()
  const dataTransfer = {
    effectAllowed: '',
    setData: (type: string, text: string) => void kept.set(type, text),
    getData: (type: string) => kept.get(type) ?? '',
    get types() {
      return [...kept.keys()]
    },
  }
  const event = { dataTransfer } as unknown as DragEvent
  expect(isCameraDrag(event)).toBe(false)
  startCameraDrag(event, [id('a'), id('b')], '澄桥路')
  expect(isCameraDrag(event)).toBe(true)
  expect(droppedCameras(event)).toEqual(['a', 'b'])
  kept.set('application/x-mapwall-camera', 'a,<b>,,../c')
  expect(droppedCameras(event)).toEqual(['a'])
})

test('R-WALL-1 a point has no look of its own to be dragged: its name hangs on the pointer, and the page is as before', async () => {
  const kept = new Map<string, string>()
  let image = ''
  const dataTransfer = {
    setData: (type: string, text: string) => void kept.set(type, text),
    setDragImage: (element: HTMLElement) => void (image = `${element.isConnected} ${element.textContent}`),
  }
  startNamedDrag({ dataTransfer } as unknown as DragEvent, [id('a')], '澄桥路-07')
  expect(kept.get('application/x-mapwall-camera')).toBe('a')
  expect(image).toBe('true 澄桥路-07')
  await new Promise((resolve) => setTimeout(resolve))
  expect(document.querySelector('.drag-label')).toBeNull()
})
