/** Storage in the real page: what the demo's own recorder has written since its start (R-STORE). */
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import type { Lock } from '../../server/contract/marks.ts'
import type { RecordingPolicy } from '../../server/contract/recordings.ts'
import type { StorageReply } from '../../server/contract/storage.ts'
import type { Browser } from '../support/browser.ts'
import type { Demo } from '../support/demo.ts'
import { openMapPage, patienceMs, until } from './page.ts'

const MINUTE_MS = 60_000

export function testStorage(getDemo: () => Demo) {
  let demo: Demo
  let browser: Browser

  beforeAll(async () => {
    demo = getDemo()
    browser = await openMapPage(demo, { account: 'supervisor' })
  }, 2 * patienceMs)
  afterAll(() => browser?.close())
  afterEach(() => {
    if (browser) expect(browser.troubles.splice(0)).toEqual([])
  })

  const ask = <T>(path: string, from = browser): Promise<T> => from.page.evaluate(async (url) => (await (await fetch(url)).json()) as T, path)
  const listRecorded = async () =>
    (
      await until(
        'something is recorded',
        () => ask<StorageReply>('/api/storage'),
        ({ recordedBytes }) => recordedBytes > 0,
        2 * patienceMs,
      )
    ).cameras.filter(({ bytes }) => bytes > 0)

  describe('R-STORE storage page', () => {
    test('a day in the table opens what is missing of it, and leads to its playback', async () => {
      const recorded = await listRecorded()
      await browser.page.keyboard.press('g')
      await browser.page.keyboard.press('s')
      await browser.page.waitForSelector('.storage .figures', { timeout: patienceMs })
      expect(await browser.page.locator('section[aria-labelledby=storage-disks] tbody tr').count()).toBe(
        (await ask<StorageReply>('/api/storage')).disks!.length,
      )
      await browser.page.locator('.storage [data-tab=days]').click()
      await browser.page.waitForSelector('.storage [role=grid] .camera', { timeout: patienceMs })
      expect(Number(await browser.page.getAttribute('.storage [role=grid]', 'aria-rowcount'))).toBeGreaterThan(recorded.length)
      // today is the last of the days
      await browser.page.locator('.storage .camera').first().locator('.cell').last().click()
      await browser.page.waitForSelector('.storage .dock .strip .recorded', { timeout: patienceMs })
      await browser.page.locator('.storage .dock .outlined').click()
      await browser.page.waitForSelector('.playback video', { timeout: patienceMs })
      expect(new URL(browser.page.url()).searchParams.get('cameras')).toBeTruthy()
    })

    test('a lock is listed with its size, and unlocked after asking', async () => {
      const [camera] = await listRecorded()
      const lock = await browser.page.evaluate(
        async ({ cameraId, fromAt, toAt }) => {
          const body = JSON.stringify({ fromAt, toAt, untilAt: null, reason: '演示案 D-7' })
          return (await (
            await fetch(`/api/cameras/${cameraId}/locks`, { method: 'POST', headers: { 'content-type': 'application/json' }, body })
          ).json()) as Lock
        },
        { cameraId: camera!.cameraId, fromAt: camera!.oldestAt!, toAt: Math.max(camera!.newestAt!, camera!.oldestAt! + MINUTE_MS) },
      )
      await browser.page.goto(`${demo.origin}/storage?part=locks`)
      const row = browser.page.locator('.storage tbody tr', { hasText: '演示案 D-7' })
      await row.waitFor({ timeout: patienceMs })
      await row.locator('button').click()
      await browser.page.locator('[role=alertdialog] button').last().click()
      await row.waitFor({ state: 'detached', timeout: patienceMs })
      expect((await ask<{ locks: Lock[] }>('/api/locks')).locks.map(({ lockId }) => lockId)).not.toContain(lock.lockId)
    })

    test('the system administrator sets a policy; nobody else has that part', async () => {
      expect(await browser.page.locator('.storage [data-tab=policies]').count()).toBe(0)
      const other = await openMapPage(demo, { account: 'sysadmin' })
      try {
        await other.page.goto(`${demo.origin}/storage?part=policies`)
        const row = other.page.locator('.storage .box .line', { hasText: '连续' }).first()
        await row.waitFor({ timeout: patienceMs })
        const name = await row.locator('.cut').first().getAttribute('title')
        await row.click()
        await other.page.locator('.storage .dock input').fill('21')
        await other.page.locator('.storage .dock button[type=submit]').click()
        await other.page.waitForSelector('.storage .dock [role=status].is-online', { timeout: patienceMs })
        const { points } = await ask<{ points: { cameraId: string; name: string }[] }>('/api/cameras', other)
        const { policies } = await ask<{ policies: RecordingPolicy[] }>('/api/recording-policies', other)
        const cameraId = points.find((point) => point.name === name)!.cameraId
        expect(policies.find((policy) => policy.cameraId === cameraId)).toMatchObject({ mode: 'continuous', keepDays: 21 })
        expect(other.troubles).toEqual([])
      } finally {
        await other.close()
      }
    })
  })
}
