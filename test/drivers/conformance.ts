/** What every driver promises by `CameraDriver`, whatever its protocol. A driver's test calls this with cameras of its own kind. */
import { describe, expect, test } from 'vitest'
import { createFakeClock } from '../support/fake-clock.ts'
import type { CameraDriver, StreamAddress } from '../../server/drivers/driver.ts'
import { record } from './recorder.ts'

export type ConformanceCamera = { address: StreamAddress; openSessions(): number; close(): Promise<void> }

export type ConformanceCameras = {
  /** Plays pictures, with key frames, for as long as it is pulled. */
  playing(): Promise<ConformanceCamera>
  /** The same, with another password than `address` says. */
  withOtherPassword(): Promise<ConformanceCamera>
  /** Takes connections and never answers. */
  mute(): Promise<ConformanceCamera>
  /** An address at which nobody listens. */
  absent(): Promise<ConformanceCamera>
}

export function describeDriver(name: string, driver: CameraDriver, cameras: ConformanceCameras): void {
  describe(`${name} keeps the promises of CameraDriver`, () => {
    test('begins with a key frame, times rise, presentation is never before decoding', async () => {
      const camera = await cameras.playing()
      const { source, video, until } = record(driver, camera.address)
      await until(() => video.length >= 30, '30 pictures')
      expect(video[0]!.isKey).toBe(true)
      for (const [index, unit] of video.entries()) {
        expect(unit.pts90k).toBeGreaterThanOrEqual(unit.dts90k)
        expect(unit.dts90k).toBeGreaterThanOrEqual(0)
        if (index > 0) expect(unit.dts90k).toBeGreaterThan(video[index - 1]!.dts90k)
      }
      expect(new Set(video.map((unit) => unit.config)).size).toBe(1)
      expect(source.stats().bytesReceived).toBeGreaterThan(0)
      await source.close()
      await camera.close()
    })

    test('after close() no unit and no failure comes, nothing is left open, and closing twice is safe', async () => {
      const camera = await cameras.playing()
      const clock = createFakeClock()
      const { source, video, failures, until } = record(driver, camera.address, { clock })
      await until(() => video.length >= 3, '3 pictures')
      const closing = source.close()
      const count = video.length
      await Promise.all([closing, source.close()])
      await until(() => camera.openSessions() === 0, 'the camera to see the end')
      expect(video.length).toBe(count)
      expect(failures).toEqual([])
      expect(clock.pendingTimers()).toBe(0)
      await camera.close()
    })

    test('unhurried it gives the same units in order after short waits, and goes on when hurried again', async () => {
      const camera = await cameras.playing()
      const arrivals: number[] = []
      const { source, video, failures, until } = record(driver, camera.address, { onUnit: () => arrivals.push(performance.now()) })
      await until(() => arrivals.length >= 5, 'the first units')
      source.setUnhurried(true)
      const from = arrivals.length
      await until(() => arrivals.length >= from + 60, '60 more')
      source.setUnhurried(false)
      const to = arrivals.length
      await until(() => arrivals.length >= to + 20, '20 more')
      const waits = arrivals.slice(from + 1, to).map((atMs, i) => atMs - arrivals[from + i]!)
      expect(Math.max(...waits)).toBeLessThan(1_000) // 0.2 s, and what a loaded machine adds
      for (const [index, unit] of video.entries()) if (index > 0) expect(unit.dts90k).toBeGreaterThan(video[index - 1]!.dts90k)
      expect(new Set(video.slice(1).map((unit, i) => unit.dts90k - video[i]!.dts90k)).size).toBeLessThanOrEqual(2) // none is missing
      expect(failures).toEqual([])
      await source.close()
      await camera.close()
    })

    test('a camera that hangs up on an unhurried source is noticed at once', async () => {
      const camera = await cameras.playing()
      const { source, video, failures, until } = record(driver, camera.address)
      await until(() => video.length >= 5, '5 pictures')
      source.setUnhurried(true)
      await until(() => video.length >= 15, '10 more')
      const fromMs = performance.now()
      await camera.close()
      await until(() => failures.length > 0, 'a failure')
      expect(performance.now() - fromMs).toBeLessThan(2_000) // 0.2 s on a machine at rest
      await source.close()
    })

    test('may be closed inside onUnit', async () => {
      const camera = await cameras.playing()
      const recorded = record(driver, camera.address, { onUnit: () => void recorded.source.close() })
      await recorded.until(() => recorded.video.length > 0 && camera.openSessions() === 0, 'one picture and the end')
      expect(recorded.video.length).toBe(1)
      await camera.close()
    })

    test('may be closed before it is open', async () => {
      const camera = await cameras.playing()
      const { source, failures, until } = record(driver, camera.address)
      await source.close()
      await until(() => camera.openSessions() === 0, 'no session')
      expect(failures).toEqual([])
      await camera.close()
    })

    test.each([
      { what: 'a wrong password', make: cameras.withOtherPassword, cause: 'refused_login' },
      { what: 'an absent camera', make: cameras.absent, cause: 'unreachable' },
    ])('says $cause once for $what', async ({ make, cause }) => {
      const camera = await make()
      const { source, failures, until } = record(driver, camera.address)
      await until(() => failures.length > 0, 'a failure')
      await source.close()
      expect(failures).toMatchObject([{ cause }])
      expect(failures[0]!.detail).not.toContain(camera.address.password)
      await until(() => camera.openSessions() === 0, 'no session')
      await camera.close()
    })

    test('N6 says silent within 15 s when the camera never answers', async () => {
      const camera = await cameras.mute()
      const clock = createFakeClock()
      const { source, failures, until } = record(driver, camera.address, { clock })
      await until(() => camera.openSessions() === 1, 'the connection')
      await until(() => clock.pendingTimers() > 0, 'a timer')
      for (let second = 0; second < 15 && failures.length === 0; second++) await clock.advanceAsync(1000)
      expect(failures).toMatchObject([{ cause: 'silent' }])
      await until(() => camera.openSessions() === 0, 'the connection to be destroyed')
      expect(clock.pendingTimers()).toBe(0)
      await source.close()
      await camera.close()
    })
  })
}
