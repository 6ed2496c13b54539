// @vitest-environment happy-dom
/** R-WALL-3: two walls on one computer share what it can decode. */
import { setActivePinia } from 'pinia'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { effectScope, type EffectScope } from 'vue'
import { playerBudget, usualHook } from '../../../../web/engines/player/index.ts'
import { openWallLine, type WallLine } from '../../../../web/features/to-wall/wall-channel.ts'
import type { WallNumber } from '../../../../web/features/to-wall/wall-memory.ts'
import { useWallHealth } from '../../../../web/features/wall/wall-health.ts'
import { useWall } from '../../../../web/features/wall/wall.ts'
import { signInAs } from '../../support/sign-in.ts'

let scope: EffectScope
let line: WallLine
const leases: { release(): void }[] = []

beforeEach(() => {
  setActivePinia(signInAs({ permissions: ['camera.see', 'camera.live'] }))
  vi.stubGlobal('requestAnimationFrame', () => 0)
  vi.stubGlobal('cancelAnimationFrame', () => undefined)
  scope = effectScope()
  line = openWallLine(
    () => 'D-017',
    () => undefined,
  )
})
afterEach(() => {
  scope.stop()
  line.close()
  for (const lease of leases.splice(0)) lease.release()
  playerBudget.setLimit(usualHook)
  vi.unstubAllGlobals()
})

/** As many as are let in. */
function fill(): number {
  for (;;) {
    const lease = playerBudget.take('sub')
    if (!lease) return playerBudget.open().length
    leases.push(lease)
  }
}
const say = (wall: WallNumber, decoding: number) => line.post({ type: 'here', account: 'D-017', wall, name: '', tiles: 16, shown: 16, decoding })
const messages = () => new Promise((resolve) => setTimeout(resolve, 50))

describe('R-WALL-3 the budget is the computer’s', () => {
  test('what another wall decodes is not given twice, and free again when it has gone', async () => {
    const { decoding } = scope.run(() => useWallHealth(useWall(1)))!
    say(2, 10)
    say(1, 7) // its own number: nothing of another window
    await messages()
    expect(fill()).toBe(6)
    expect(decoding()).toBe(6)
    line.post({ type: 'gone', account: 'D-017', wall: 2 })
    await messages()
    expect(fill()).toBe(16)
  })

  test('the first picture of a wall is always let in', async () => {
    scope.run(() => useWallHealth(useWall(1)))
    say(2, 40)
    await messages()
    expect(fill()).toBe(1)
  })
})
