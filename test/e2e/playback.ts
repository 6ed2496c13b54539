/** Playback in the real page: recordings of the demo's own first minutes (R-PLAY). */
import { createHash } from 'node:crypto'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import type { Demo } from '../support/demo.ts'
import type { Browser } from '../support/browser.ts'
import type { Lock, Mark } from '../../server/contract/marks.ts'
import type { Timeline } from '../../server/contract/recordings.ts'
import type { PlaybackPhase } from '../../web/engines/player/index.ts'
import { openMapPage, patienceMs, until } from './page.ts'

declare global {
  interface Window {
    __playback: { listShown(): Shown[] }
  }
}
type Manifest = { cameras: { cameraId: string; files: { fileName: string; sha256: string; bytes: number }[] }[] }
type Shown = { phase: PlaybackPhase; at: number | null }

const MINUTE_MS = 60_000
/** How long four cameras are held against each other. */
const SYNC_MS = process.env['LONG'] === '1' ? 10 * MINUTE_MS : 10_000

export function testPlayback(getDemo: () => Demo) {
  let demo: Demo
  let browser: Browser
  let cameraIds: string[]

  beforeAll(async () => {
    demo = getDemo()
    browser = await openMapPage(demo, { account: 'supervisor' })
    // the demo records two cameras of every station from its first minute on
    const all = await browser.page.evaluate(async () =>
      ((await (await fetch('/api/cameras')).json()) as { points: { cameraId: string }[] }).points.map(({ cameraId }) => cameraId),
    )
    const withRecordings: string[] = []
    for (const cameraId of all) {
      if ((await timelineOf(cameraId)).recorded.length > 0) withRecordings.push(cameraId)
      if (withRecordings.length === 4) break
    }
    cameraIds = withRecordings
    const recordedMs = ({ recorded }: Timeline) => recorded.reduce((sum, { fromAt, toAt }) => sum + toAt - fromAt, 0)
    for (const cameraId of cameraIds)
      await until(
        '75 s to play back',
        () => timelineOf(cameraId),
        (timeline) => recordedMs(timeline) > 75_000,
        2 * patienceMs,
      )
  }, 5 * patienceMs)
  afterAll(async () => {
    await browser?.close()
  })
  afterEach(() => {
    if (browser) expect(browser.troubles.splice(0)).toEqual([])
  })

  const timelineOf = (cameraId: string): Promise<Timeline> =>
    browser.page.evaluate(
      async ({ id, span }) => (await (await fetch(`/api/cameras/${id}/timeline?fromAt=${Date.now() - span}&toAt=${Date.now()}`)).json()) as Timeline,
      { id: cameraId, span: 30 * MINUTE_MS },
    )
  const marksOf = (cameraId: string) =>
    browser.page.evaluate(
      async ({ id, span }) =>
        (await (await fetch(`/api/cameras/${id}/marks?fromAt=${Date.now() - span}&toAt=${Date.now()}`)).json()) as { marks: Mark[]; locks: Lock[] },
      { id: cameraId, span: 30 * MINUTE_MS },
    )
  const videos = () =>
    browser.page.evaluate(() =>
      [...document.querySelectorAll('video')].map((video) => ({ at: video.currentTime, isReady: video.readyState >= 3, widthPx: video.videoWidth })),
    )
  /** What every picture shows, in one animation frame. */
  const shown = () => browser.page.evaluate(() => new Promise<Shown[]>((resolve) => requestAnimationFrame(() => resolve(window.__playback.listShown()))))
  const open = async (ids: readonly string[], backMs: number, more = '') => {
    await browser.page.goto(`${demo.origin}/playback?cameras=${ids.join(',')}&at=${Date.now() - backMs}${more}`)
    return until(
      'pictures of every camera',
      videos,
      (found) => found.length === ids.length && found.every(({ isReady, widthPx }) => isReady && widthPx > 0),
      patienceMs,
    )
  }
  /** The moment in the address is written every few seconds and after every seek. */
  const addressAt = () => Number(new URL(browser.page.url()).searchParams.get('at'))

  describe('R-PLAY playback', () => {
    test(`four cameras play together for ${SYNC_MS / 1_000} s, within half a second of each other`, { timeout: SYNC_MS + 4 * patienceMs }, async () => {
      expect(cameraIds).toHaveLength(4)
      await open(cameraIds, 60_000, '&perf=1')
      await until('all four play', shown, (found) => found.length === 4 && found.every(({ phase }) => phase === 'playing'))
      const apart: number[] = []
      let skipped = 0
      let lastAt = 0
      const beganAt = performance.now()
      const endsAtMs = beganAt + SYNC_MS
      let firstAt = 0
      while (performance.now() < endsAtMs || (apart.length < 5 && performance.now() < endsAtMs + patienceMs)) {
        const found = await shown()
        const moments = found.flatMap(({ phase, at }) => (phase === 'playing' && at !== null ? [at] : []))
        // one that waits for its data says so; the clock stands for it
        if (moments.length < 4) skipped++
        else if (moments[0]! > lastAt + 400) {
          firstAt ||= moments[0]!
          lastAt = moments[0]!
          apart.push(Math.max(...moments) - Math.min(...moments))
        }
        await new Promise((resolve) => setTimeout(resolve, 100))
      }
      const worst = apart.toSorted((a, b) => b - a).slice(0, 20)
      const played = `${((lastAt - firstAt) / 1_000).toFixed(0)} of ${((performance.now() - beganAt) / 1_000).toFixed(0)} s played, ${apart.length} samples, ${skipped} skipped, worst ${worst.join(' ')} ms apart`
      console.info(played)
      // the pictures moved, most of the time
      expect(apart.length, played).toBeGreaterThanOrEqual(Math.max(5, SYNC_MS / 2_000))
      expect(worst[0], played).toBeLessThanOrEqual(500)
    })

    test('ten seconds back by key, and four times as fast by a click', async () => {
      await open(cameraIds.slice(0, 1), 50_000)
      await until(
        'the moment stands in the address',
        async () => addressAt(),
        (at) => at > 0,
      )
      const fromAt = addressAt()
      await browser.page.keyboard.press('Shift+ArrowLeft')
      await until(
        'ten seconds earlier',
        async () => addressAt(),
        (at) => at < fromAt,
      )
      await until('pictures after the seek', videos, ([video]) => video!.isReady)
      await browser.page.getByText('4', { exact: true }).first().click()
      const [before] = await videos()
      const startedMs = performance.now()
      await until('twelve seconds of pictures', videos, ([video]) => video!.at > before!.at + 12 || video!.at < before!.at)
      expect(performance.now() - startedMs).toBeLessThan(9_000)
    })

    test('R-PLAY-4 a mark by key, a still above the pointer, the clip locked', async () => {
      const [cameraId] = cameraIds as [string]
      const { page } = browser
      await open(cameraIds.slice(0, 2), 60_000)
      await page.keyboard.press('Space')
      await page.keyboard.press('m')
      await page.keyboard.type('白色面包车驶入')
      await page.keyboard.press('Enter')
      const [mark] = (await until(
        'the mark',
        () => marksOf(cameraId),
        ({ marks }) => marks.length === 1,
      ))!.marks
      expect(mark).toMatchObject({ note: '白色面包车驶入', by: 'supervisor' })
      // while the field is there, keys are letters
      await page.locator('.mark-input').waitFor({ state: 'detached' })
      // from two hours to a few minutes: what was just recorded is wide enough to point at
      for (let step = 0; step < 5; step++) await page.keyboard.press('+')
      const box = (await page.locator('.timeline canvas').boundingBox())!
      const playheadAt = await until(
        'the moment of the pause in the address',
        async () => addressAt(),
        (at) => Math.abs(at - mark!.at) < 3_000,
      )
      await page.mouse.move(box.x + box.width * 0.47, box.y + 84)
      const still = page.locator('.hover canvas[data-at]')
      await still.waitFor({ timeout: patienceMs })
      expect(Math.abs(Number(await still.getAttribute('data-at')) - playheadAt)).toBeLessThan(30_000)
      await page.keyboard.press('i')
      await page.keyboard.press('Shift+ArrowRight')
      await page.keyboard.press('o')
      await page.getByRole('button', { name: '锁定', exact: true }).click()
      await page.getByRole('textbox', { name: '原因' }).fill('演示案 C-118')
      await page.locator('.lock-form [type=submit]').click()
      const [lock] = (await until(
        'the lock',
        () => marksOf(cameraId),
        ({ locks }) => locks.length === 1,
      ))!.locks
      expect(lock).toMatchObject({ reason: '演示案 C-118', toAt: lock!.fromAt + 10_000 })
    })

    test('R-DL-2 two cameras taken away: what arrives has the hashes of the manifest, and goes on where it stopped', async () => {
      const { page, context } = browser
      const fromAt = Math.floor((Date.now() - 60_000) / 1000) * 1000
      await open(cameraIds.slice(0, 2), 60_000, `&from=${fromAt}&to=${fromAt + 20_000}`)
      await until(
        'sizes',
        () => page.locator('.clip-form .ask').isEnabled(),
        (isEnabled) => isEnabled,
      )
      await page.locator('.clip-form .ask').click()
      await page.locator('.export[data-state=ready]').first().waitFor({ timeout: patienceMs })
      const fetchFile = async (name: string, headers: Record<string, string> = {}) => {
        const href = (await page.locator(`.export[data-state=ready] a[download="${name}"]`).first().getAttribute('href'))!
        const response = await context.request.get(`${demo.origin}${href}`, { headers })
        return { status: response.status(), bytes: await response.body() }
      }
      const manifest = JSON.parse((await fetchFile('manifest.json')).bytes.toString()) as Manifest
      expect(manifest.cameras.map(({ cameraId }) => cameraId)).toEqual(cameraIds.slice(0, 2))
      for (const { files } of manifest.cameras) {
        expect(files.length).toBeGreaterThan(0)
        for (const { fileName, sha256, bytes: size } of files) {
          const { bytes } = await fetchFile(fileName)
          expect(bytes.length).toBe(size)
          expect(createHash('sha256').update(bytes).digest('hex')).toBe(sha256)
          const rest = await fetchFile(fileName, { range: `bytes=${size - 1000}-` })
          expect(rest.status).toBe(206)
          expect(rest.bytes.equals(bytes.subarray(-1000))).toBe(true)
        }
      }
    })

    test('a camera that was off leaves a gap that says why', async () => {
      const [cameraId] = cameraIds
      await demo.setFault([cameraId!], 'off')
      await until(
        'the gap',
        () => timelineOf(cameraId!),
        ({ gaps }) => gaps.some(({ reason, cause }) => reason === 'network' && cause === 'unreachable'),
        90_000,
      )
      await demo.setFault([cameraId!], 'none')
      await until(
        'recording goes on',
        () => timelineOf(cameraId!),
        ({ recorded, gaps }) => recorded.at(-1)!.toAt > gaps.at(-1)!.toAt,
        90_000,
      )
    })

    test('who may not play back has no such page', async () => {
      const other = await openMapPage(demo, { account: 'ops' })
      try {
        expect(await other.page.locator('a[href^="/playback"]').count()).toBe(0)
        const statuses = await other.page.evaluate(
          (id) =>
            Promise.all(
              [`cameras/${id}/recorded-days?fromAt=1&toAt=2`, `cameras/${id}/recorded-still?at=1`, `cameras/${id}/marks?fromAt=1&toAt=2`, 'exports'].map(
                async (path) => (await fetch(`/api/${path}`)).status,
              ),
            ),
          cameraIds[0]!,
        )
        expect(statuses).toEqual([403, 403, 403, 403])
        // what the browser says of the answers it was given
        expect(other.troubles.every((trouble) => trouble.includes('403'))).toBe(true)
      } finally {
        await other.close()
      }
    })
  })
}
