/** The whole product, end to end, in a real Chromium: one demo for all parts, the part that kills its processes last. */
import { afterAll, beforeAll, describe } from 'vitest'
import { hasChromium } from '../support/browser.ts'
import { type Demo, startDemo } from '../support/demo.ts'
import { testLanguages } from './languages.ts'
import { testLive } from './live.ts'
import { testMap } from './map.ts'
import { testMapTools } from './map-tools.ts'
import { testPlayback } from './playback.ts'
import { testRecovery } from './recovery.ts'
import { testStatus } from './status.ts'
import { testStorage } from './storage.ts'
import { testWallRecovery } from './wall-recovery.ts'
import { testWall } from './wall.ts'

describe.skipIf(!hasChromium)('end to end', () => {
  let demo: Demo
  const getDemo = () => demo
  beforeAll(async () => {
    demo = await startDemo()
  }, 360_000)
  afterAll(() => demo?.stop())

  describe('map', () => {
    testMap(getDemo)
  })
  describe('map tools', () => {
    testMapTools(getDemo)
  })
  describe('live', () => {
    testLive(getDemo)
  })
  describe('status', () => {
    testStatus(getDemo)
  })
  describe('playback', () => {
    testPlayback(getDemo)
  })
  describe('storage', () => {
    testStorage(getDemo)
  })
  describe('wall', () => {
    testWall(getDemo)
  })
  describe('languages', () => {
    testLanguages(getDemo)
  })
  describe('recovery', () => {
    testRecovery(getDemo)
  })
  describe('recovery of a wall', () => {
    testWallRecovery(getDemo)
  })
})
