// @vitest-environment happy-dom
import { beforeEach, describe, expect, test } from 'vitest'
import { CameraId } from '../../../../server/contract/ids.ts'
import { type WallLayout, wallShapes } from '../../../../server/contract/walls.ts'
import { isStep, type NoStep, planStep, type RotationStep, type StepInput } from '../../../../web/features/wall/rotation-plan.ts'
import { createRotationRunner, type RotationRunner, type RotationView } from '../../../../web/features/wall/rotation-runner.ts'
import { type Picture, reconcile } from '../../../../web/features/wall/pictures.ts'
import { createFakeClock } from '../../../support/fake-clock.ts'

const id = (text: string) => CameraId.parse(text)
const list = (count: number, prefix = 'c') => Array.from({ length: count }, (_, i) => id(`${prefix}${i}`))
const tilesOf = (count: number) => Array.from({ length: count }, (_, i) => i)

describe('R-WALL-2 what a step shows', () => {
  const input = (rest: Partial<StepInput>): StepInput => ({
    rotation: { steps: { kind: 'cameras', cameraIds: list(20) }, onOffline: 'skip' },
    cursor: 0,
    tiles: tilesOf(16),
    shown: Array(16).fill(null),
    isOffline: () => false,
    isKnown: () => true,
    layouts: [],
    ...rest,
  })
  const placed = ({ places }: RotationStep) => Object.fromEntries(places)
  const plan = (rest: Partial<StepInput>): RotationStep => {
    const planned = planStep(input(rest))
    if (!isStep(planned)) throw new Error(`nothing: ${planned.why}`)
    return planned
  }

  test('a list fills the wall step by step; the rest of the last step leaves the other tiles as they are', () => {
    const first = plan({})
    expect([...first.places.values()]).toEqual(list(16))
    expect([first.number, first.of, first.nextCursor]).toEqual([1, 2, 16])
    const second = plan({ cursor: 16, shown: list(16) })
    expect(placed(second)).toEqual({ 0: 'c16', 1: 'c17', 2: 'c18', 3: 'c19' })
    expect([second.number, second.of, second.nextCursor]).toEqual([2, 2, 0])
  })

  test('every camera of the list is shown once a round, for any number of tiles', () => {
    for (const tiles of [1, 3, 4, 7, 16, 25]) {
      const seen: string[] = []
      let cursor = 0
      do {
        const step = plan({ cursor, tiles: tilesOf(tiles) })
        seen.push(...[...step.places.values()].map(String))
        cursor = step.nextCursor
      } while (cursor !== 0)
      expect(seen).toEqual(list(20))
    }
  })

  test('offline cameras are left out and named, or held', () => {
    const isOffline = (cameraId: CameraId) => ['c0', 'c2'].includes(cameraId)
    const skipping = plan({ tiles: [0, 1], isOffline })
    expect(placed(skipping)).toEqual({ 0: 'c1', 1: 'c3' })
    expect(skipping.skipped).toEqual(['c0', 'c2'])
    const holding = plan({ tiles: [0, 1], isOffline, rotation: { steps: { kind: 'cameras', cameraIds: list(20) }, onOffline: 'hold' } })
    expect(placed(holding)).toEqual({ 0: 'c0', 1: 'c1' })
  })

  test('nothing to show is said: all offline, all gone, no tile', () => {
    expect(planStep(input({ isOffline: () => true }))).toEqual({ nothing: true, why: 'offline', skipped: list(20), of: 2 })
    expect(planStep(input({ isKnown: () => false }))).toMatchObject({ nothing: true, why: 'offline', skipped: [] })
    expect(planStep(input({ tiles: [] }))).toMatchObject({ nothing: true, why: 'held', skipped: [] })
  })

  test('a camera that stands in a held tile gets no second place, and the round goes on behind it', () => {
    const step = plan({ tiles: [1, 2, 3], shown: [id('c1'), null, null, null] })
    expect(placed(step)).toEqual({ 1: 'c0', 2: 'c2', 3: 'c3' })
    expect(step.nextCursor).toBe(4)
    expect(step.skipped).toEqual([])
    const rotation = { steps: { kind: 'cameras' as const, cameraIds: list(3) }, onOffline: 'skip' as const }
    const rest = { rotation, tiles: [1], shown: [id('c0'), null], isOffline: (each: CameraId) => each !== 'c0' }
    expect(planStep(input(rest))).toMatchObject({ nothing: true, why: 'held', skipped: ['c1', 'c2'] })
  })

  test('a group empties the tiles it does not need, one that is too large takes several steps', () => {
    const groups = [
      { name: '商圈', cameraIds: list(2, 'a') },
      { name: '市场', cameraIds: list(5, 'b') },
    ]
    const rotation = { steps: { kind: 'groups' as const, groups }, onOffline: 'skip' as const }
    const first = plan({ rotation, tiles: [0, 1, 2] })
    expect(placed(first)).toEqual({ 0: 'a0', 1: 'a1', 2: null })
    const second = plan({ rotation, tiles: [0, 1, 2], cursor: first.nextCursor })
    expect([second.name, second.number, second.of]).toEqual(['市场', 2, 2])
    const third = plan({ rotation, tiles: [0, 1, 2], cursor: second.nextCursor })
    expect(placed(third)).toEqual({ 0: 'b3', 1: 'b4', 2: null })
    expect(third.nextCursor).toBe(0)
    expect(plan({ rotation, tiles: [0, 1, 2], isOffline: (each) => each.startsWith('a') }).name).toBe('市场')
  })

  test('who is shown already keeps its tile', () => {
    const step = plan({ tiles: [0, 1, 2], shown: [id('x'), id('c0'), null] })
    expect(placed(step)).toEqual({ 0: 'c1', 1: 'c0', 2: 'c2' })
  })

  test('layouts change the whole wall; a removed one is passed over', () => {
    const layout = { layoutId: 'l2', name: '夜间', shape: wallShapes[4], cameraIds: [id('a'), null, id('b'), null] } as unknown as WallLayout
    const rotation = { steps: { kind: 'layouts' as const, layoutIds: ['l1', 'l2'] }, onOffline: 'skip' as const }
    const step = plan({ rotation, layouts: [layout], isKnown: (each) => each !== 'b' })
    expect([step.name, step.shape, step.number, step.of]).toEqual(['夜间', wallShapes[4], 2, 2])
    expect(placed(step)).toEqual({ 0: 'a', 1: null, 2: null, 3: null })
    expect(planStep(input({ rotation }))).toMatchObject({ nothing: true, why: 'offline' })
  })
})

describe('R-WALL-2 the next picture is ready before the switch', () => {
  const dwellMs = 5_000
  const clock = createFakeClock()
  let shown: (CameraId | null)[]
  let prepared: ReadonlyMap<number, CameraId>
  let ready: Set<string>
  let held: Set<number>
  let view: RotationView
  let runner: RotationRunner
  let steps: number[]
  let empty: NoStep[]
  let offline: Set<string>
  let cameraIds: CameraId[]
  const isReady = (_: number, cameraId: CameraId) => ready.has(cameraId) && [...prepared.values(), ...shown].includes(cameraId)

  function start(options: Partial<Parameters<typeof createRotationRunner>[0]> = {}) {
    runner = createRotationRunner({
      clock,
      dwellMs,
      cursor: 0,
      isPaused: false,
      plan: (cursor) =>
        planStep({
          rotation: { steps: { kind: 'cameras', cameraIds }, onOffline: 'skip' },
          cursor,
          tiles: tilesOf(4).filter((tile) => !held.has(tile)),
          shown,
          isOffline: (cameraId) => offline.has(cameraId),
          isKnown: () => true,
          layouts: [],
        }),
      shown: (tile) => shown[tile] ?? null,
      prepare: (places) => (prepared = places),
      isReady,
      show: (places) => (shown = shown.map((cameraId, tile) => (places.has(tile) ? (places.get(tile) ?? null) : cameraId))),
      onStep: ({ number }) => steps.push(number),
      onNothing: (nothing) => empty.push(nothing),
      isHeld: (tile) => held.has(tile),
      onChange: (next) => (view = next),
      ...options,
    })
  }

  beforeEach(() => {
    shown = [null, null, null, null]
    prepared = new Map()
    ready = new Set(list(8))
    held = new Set()
    steps = []
    empty = []
    offline = new Set()
    cameraIds = list(8)
  })

  test('pictures are opened before they are due, a few at a time, and come all at once', () => {
    start()
    clock.advance(300)
    expect(shown).toEqual(list(4))
    ready = new Set(list(4))
    clock.advance(dwellMs - 2_000)
    expect(view.phase).toBe('preparing')
    expect([...prepared]).toEqual([4, 5, 6, 7].map((i, tile) => [tile, `c${i}`]))
    expect(view).toMatchObject({ ready: 0, needed: 4 })
    ready.add('c4').add('c5').add('c6').add('c7')
    clock.advance(100)
    expect(view).toMatchObject({ ready: 4, needed: 4 })
    expect(shown).toEqual(list(4))
    clock.advance(2_000)
    expect(shown).toEqual(list(8).slice(4))
    expect(view.lateTiles).toEqual([])
    expect(prepared.size).toBe(0)
    runner.close()
  })

  test('the old picture stays until the new one has a frame; after a limit it moves on and says so', () => {
    start()
    clock.advance(300)
    ready = new Set([...list(4), 'c4', 'c5'])
    clock.advance(dwellMs + 500)
    expect(shown).toEqual(['c4', 'c5', 'c2', 'c3'])
    ready.add('c6')
    clock.advance(200)
    expect(shown).toEqual(['c4', 'c5', 'c6', 'c3'])
    clock.advance(6_000)
    expect(shown).toEqual(['c4', 'c5', 'c6', 'c7'])
    expect(view.lateTiles).toEqual([3])
    runner.close()
  })

  test('paused it stands, keeps the rest of its time and lets go of what was prepared', () => {
    start()
    clock.advance(300)
    clock.advance(dwellMs - 1_500)
    expect(prepared.size).toBe(4)
    runner.pause()
    expect(prepared.size).toBe(0)
    const { remainingMs } = view
    clock.advance(60_000)
    expect(shown).toEqual(list(4))
    runner.resume()
    clock.advance(remainingMs + 300)
    expect(shown).toEqual(list(8).slice(4))
    runner.close()
  })

  test('a step by hand, also while it is paused', () => {
    start()
    clock.advance(300)
    runner.pause()
    runner.goOn()
    clock.advance(500)
    expect(shown).toEqual(list(8).slice(4))
    clock.advance(60_000)
    expect(shown).toEqual(list(8).slice(4))
    expect(view.isPaused).toBe(true)
    runner.close()
  })

  test('the tile in focus is left alone', () => {
    start()
    clock.advance(300)
    held.add(0)
    clock.advance(dwellMs + 300)
    expect(shown).toEqual(['c0', 'c4', 'c5', 'c6'])
    // focus that comes after the next pictures were opened
    held = new Set()
    clock.advance(dwellMs - 1_000)
    held.add(1)
    const before = shown[1]
    clock.advance(1_500)
    expect(shown[1]).toBe(before)
    runner.close()
  })

  test('with nothing to show it asks again after a dwell', () => {
    cameraIds = []
    start()
    clock.advance(300)
    expect(view.phase).toBe('nothing')
    cameraIds = list(2)
    clock.advance(dwellMs + 500)
    expect(shown).toEqual(['c0', 'c1', null, null])
    runner.close()
  })

  test('with every camera offline the left out are told once a round, not with every try', () => {
    offline = new Set(list(8))
    start()
    clock.advance(300)
    expect(view).toMatchObject({ phase: 'nothing', nothingWhy: 'offline' })
    expect(empty).toMatchObject([{ skipped: list(8) }])
    clock.advance(dwellMs)
    expect(empty).toHaveLength(1) // 8 cameras on 4 tiles: a round is two steps
    clock.advance(dwellMs)
    expect(empty).toHaveLength(2)
    offline = new Set()
    clock.advance(dwellMs + 300)
    expect(shown).toEqual(list(4))
    expect(view.nothingWhy).toBeNull()
    runner.close()
  })

  test('with all tiles held it says so, and goes on as soon as one is given back', () => {
    held = new Set([0, 1, 2, 3])
    start()
    clock.advance(300)
    expect(view).toMatchObject({ phase: 'nothing', nothingWhy: 'held' })
    held.delete(2)
    clock.advance(300)
    expect(shown).toEqual([null, null, 'c0', null])
    expect(empty).toEqual([])
    runner.close()
  })

  test('a layout that is about to come waits when a tile is taken meanwhile, and comes when it is given back', () => {
    const layouts = [wallShapes[4], wallShapes[1]].map((shape, i) => {
      return { layoutId: `l${i}`, name: `${i}`, shape, cameraIds: shape.places.map((_, tile) => list(8)[i * 4 + tile]!) } as unknown as WallLayout
    })
    const rotation = { steps: { kind: 'layouts' as const, layoutIds: ['l0', 'l1'] }, onOffline: 'skip' as const }
    start({
      plan: (cursor) => planStep({ rotation, cursor, tiles: tilesOf(4), shown, isOffline: () => false, isKnown: () => true, layouts }),
      show: (places) => (shown = [...places.values()]),
    })
    clock.advance(300)
    expect(shown).toEqual(list(4))
    clock.advance(dwellMs - 1_000)
    expect(view.phase).toBe('preparing')
    held.add(3)
    clock.advance(60_000)
    expect(shown).toEqual(list(4))
    expect(prepared.size).toBe(0)
    held.clear()
    clock.advance(500)
    expect(shown).toEqual(['c4'])
    runner.close()
  })

  test('200 switches leave as many open pictures as there are tiles', () => {
    let open = 0
    let opened = 0
    let most = 0
    let pictures: readonly Picture[] = []
    let lastKey = 0
    const follow = () => {
      const wanted = [
        ...shown.flatMap((cameraId, tile) => (cameraId === null ? [] : [{ cameraId, tile, isNext: false }])),
        ...[...prepared].map(([tile, cameraId]) => ({ tile, cameraId, isNext: true })),
      ]
      const next = reconcile(pictures, wanted, () => ++lastKey)
      const keys = (list: readonly Picture[]) => new Set(list.map(({ key }) => key))
      for (const key of keys(next)) if (!keys(pictures).has(key)) [open, opened] = [open + 1, opened + 1]
      for (const key of keys(pictures)) if (!keys(next).has(key)) open--
      most = Math.max(most, open)
      pictures = next
    }
    cameraIds = list(20)
    ready = new Set(list(20))
    start({
      prepare: (places) => {
        prepared = places
        follow()
      },
      show: (places) => {
        shown = shown.map((cameraId, tile) => (places.has(tile) ? (places.get(tile) ?? null) : cameraId))
        follow()
      },
    })
    while (steps.length < 200) clock.advance(1_000)
    runner.close()
    follow()
    expect(open).toBe(4)
    expect(most).toBeLessThanOrEqual(8)
    expect(opened).toBeGreaterThanOrEqual(200 * 3)
  })
})
