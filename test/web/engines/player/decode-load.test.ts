// @vitest-environment happy-dom
/** What is said about this computer from what its pictures did (R-WALL-3). */
import { describe, expect, test } from 'vitest'
import { createPlayerBudget } from '../../../../web/engines/player/budget.ts'
import { freeStreams, isFull } from '../../../../web/features/wall/load-words.ts'
import { createDecodeLoad, type LoadSecond, type PictureSecond } from '../../../../web/engines/player/decode-load.ts'

const picture = (rest: Partial<PictureSecond> = {}): PictureSecond => ({ profile: 'sub', frames: 25, dropped: 0, decodeMs: 2, ...rest })
const second = (count: number, rest: Partial<PictureSecond> = {}, more: Partial<LoadSecond> = {}): LoadSecond => ({
  pictures: Array.from({ length: count }, () => picture(rest)),
  cores: 2,
  stallMs: 20,
  ...more,
})
function after(seconds: number, each: LoadSecond, meter = createDecodeLoad()) {
  for (let i = 0; i < seconds; i++) meter.add(each)
  return meter.state()
}

describe('R-WALL-3 tile budget measured on this computer', () => {
  test('until it has measured it says so and keeps to the usual number', () => {
    expect(after(2, second(4))).toMatchObject({ isMeasured: false, capacity: 16, sub: 4 })
  })

  test('cheap pictures make room for more, step by step', () => {
    const meter = createDecodeLoad()
    expect(after(5, second(16), meter).capacity).toBe(20)
    // 2 ms × 25 a second is a twentieth of a core, of which 1.6 may be used
    expect(after(20, second(16), meter)).toMatchObject({ isMeasured: true, capacity: 32 })
  })

  test('dear pictures leave less, but never fewer than play well', () => {
    expect(after(10, second(4, { decodeMs: 10 })).capacity).toBe(6)
    expect(after(10, second(12, { decodeMs: 30 })).capacity).toBe(14)
  })

  test('frames lost for a while are the limit, and it is not tried again at once', () => {
    const meter = createDecodeLoad()
    after(10, second(16), meter)
    const full = after(10, second(25, { dropped: 6 }), meter)
    expect(full.droppedRate).toBeCloseTo(0.24)
    expect(full.capacity).toBeLessThanOrEqual(20)
    const later = after(30, second(18), meter)
    expect(later.capacity).toBeLessThanOrEqual(Math.max(18, full.capacity))
    expect(after(700, second(18), meter).capacity).toBeGreaterThan(20)
  })

  test('a main stream costs what it was seen to cost', () => {
    const mixed: LoadSecond = { pictures: [picture(), picture(), picture({ profile: 'main', decodeMs: 12 })], cores: 2, stallMs: 20 }
    const load = after(10, mixed)
    expect(load.mainCost).toBeCloseTo(6)
    expect(load).toMatchObject({ sub: 2, main: 1 })
  })

  test('a browser that does not say what a frame costs is judged by what it loses', () => {
    expect(after(10, second(16, { decodeMs: null })).capacity).toBe(18)
    expect(after(10, second(16, { decodeMs: null, dropped: 8 })).capacity).toBeLessThan(12)
  })

  test('what other walls of this computer decode is part of it, and of what was seen to play well', () => {
    const alone = after(10, second(4, { decodeMs: 10 }))
    expect(alone).toMatchObject({ capacity: 6, elsewhere: 0 })
    const shared = after(10, second(4, { decodeMs: 10 }, { elsewhere: 8 }))
    expect(shared).toMatchObject({ capacity: 14, elsewhere: 8 })
    expect(shared.usedRate).toBeCloseTo(12 / 14)
    expect([freeStreams(alone), freeStreams(shared), isFull(shared)]).toEqual([2, 2, false])
    expect(isFull({ ...shared, elsewhere: 10 })).toBe(true)
    expect(isFull({ ...shared, elsewhere: 10, isMeasured: false })).toBe(false)
    expect(isFull(createDecodeLoad(4).state())).toBe(false)
  })

  test('what was learnt on this screen before holds from the start', () => {
    expect(createDecodeLoad(9).state()).toMatchObject({ capacity: 9, isMeasured: true })
  })

  test('pictures that wait for a switch are counted apart', () => {
    const budget = createPlayerBudget((open) => open.filter(({ isWaiting }) => !isWaiting).length < 2)
    const [a, b] = [budget.take('sub'), budget.take('sub')]
    expect(budget.take('sub', true)).toBeUndefined()
    b!.release()
    const next = budget.take('sub', true)
    expect(next).toBeDefined()
    next!.setWaiting(false)
    expect(budget.take('sub')).toBeUndefined()
    a!.release()
    expect(budget.open()).toEqual([{ profile: 'sub', isWaiting: false }])
  })
})
