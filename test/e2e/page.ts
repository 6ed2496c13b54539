/** What end-to-end tests do with the page and see of it. Everything is looked at from outside: the DOM, the canvas, the video, and the map's own list of what it drew. */
import { expect } from 'vitest'
import type { CameraPoint } from '../../server/contract/cameras.ts'
import type { CameraStatus, FailureCause } from '../../server/contract/status.ts'
import { listDemoStreams } from '../../server/demo/stream-plan.ts'
import type { MapItem } from '../../web/engines/map/scene.ts'
import { type Browser, openBrowser } from '../support/browser.ts'
import type { Demo } from '../support/demo.ts'

declare global {
  interface Window {
    __mapwall: {
      listItems(): readonly MapItem[]
      pixelOf(cameraId: string): readonly [number, number] | null
      toPx(place: readonly [number, number]): readonly [number, number] | null
      atRest(): Promise<void>
    }
  }
}

/** Longest wait for something that takes a moment on an idle machine. */
export const patienceMs = 60_000

export type Drawn = { cameraId: string; name: string; label: string; stationId: string; status: CameraStatus; cause: FailureCause | null; sinceAt: number }

export async function openMapPage(
  demo: Demo,
  options: Partial<Parameters<typeof openBrowser>[0]> & { account?: string; path?: string } = {},
): Promise<Browser> {
  const browser = await openBrowser({ origin: demo.origin, ...options })
  await browser.page.goto(`${demo.origin}${options.path ?? '/?perf=1'}`)
  await signIn(demo, browser, options.account)
  await untilDrawn(browser)
  return browser
}

/** Fills in the form that stands there. */
export async function signIn(demo: Demo, { page }: Browser, account = 'duty') {
  const known = demo.accounts.find((each) => each.account === account)
  if (!known) throw new Error(`no demo account ${account}`)
  await page.fill('#account', account, { timeout: patienceMs })
  await page.fill('#password', known.password)
  await page.click('.submit')
}

export async function goTo(demo: Demo, browser: Browser, query: string) {
  await browser.page.goto(`${demo.origin}/?perf=1${query === '' ? '' : `&${query}`}`)
  await untilDrawn(browser)
}

export async function untilDrawn({ page, troubles }: Browser) {
  const isDrawn = () =>
    document.querySelector('.map-canvas canvas') !== null && document.querySelector('.counts b')?.textContent !== '—' && '__mapwall' in window
  await page.waitForFunction(isDrawn, undefined, { timeout: patienceMs }).catch(async (problem: Error) => {
    const text = await page.evaluate(() => document.body.innerText)
    throw new Error(`no map at ${page.url()}: ${problem.message}\n${troubles.join('\n')}\n${text.slice(0, 1_000)}`)
  })
}

/** Every camera that stands on the map, alone or in a cluster. */
export function listDrawn({ page }: Browser): Promise<Drawn[]> {
  return page.evaluate(() => {
    const points = window.__mapwall
      .listItems()
      .flatMap((item): CameraPoint[] => (item.kind === 'point' ? [item.at.point] : item.members.map(({ point }) => point)))
    return points.map(({ cameraId, name, label, stationId, state }) => ({
      cameraId,
      name,
      label,
      stationId,
      status: state.status,
      cause: state.cause,
      sinceAt: state.sinceAt,
    }))
  })
}

/** Asks again until the answer is as wished; the last answer is in the message when it never is. */
export async function until<T>(what: string, ask: () => Promise<T>, isSo: (answer: T) => boolean, withinMs = patienceMs): Promise<T> {
  const endsAtMs = performance.now() + withinMs
  for (;;) {
    const answer = await ask()
    if (isSo(answer)) return answer
    if (performance.now() > endsAtMs) throw new Error(`not within ${withinMs / 1000} s: ${what}; last: ${JSON.stringify(answer)?.slice(0, 1_500)}`)
    await new Promise((resolve) => setTimeout(resolve, 100))
  }
}

export const countStatuses = (drawn: readonly Drawn[]) => {
  const counts: Partial<Record<CameraStatus, number>> = {}
  for (const { status } of drawn) counts[status] = (counts[status] ?? 0) + 1
  return counts
}

export const untilAllOnline = (browser: Browser, withinMs = patienceMs) =>
  until(
    'all 468 online',
    async () => {
      const drawn = await listDrawn(browser)
      return { count: drawn.length, others: drawn.filter(({ status }) => status !== 'online').slice(0, 5) }
    },
    ({ count, others }) => count === 468 && others.length === 0,
    withinMs,
  )

/** How many pixels of the map have the colour of a state (green, amber, red). Ground and grey points have none; blue is the selection's, not a state's. */
export function countColouredPixels({ page }: Browser): Promise<number> {
  return page.evaluate(async () => {
    await window.__mapwall.atRest()
    let count = 0
    for (const canvas of document.querySelectorAll<HTMLCanvasElement>('.map-canvas .map canvas')) {
      if (canvas.width === 0 || canvas.height === 0) continue
      const copy = new OffscreenCanvas(canvas.width, canvas.height).getContext('2d')!
      copy.drawImage(canvas, 0, 0)
      const { data } = copy.getImageData(0, 0, canvas.width, canvas.height)
      for (let i = 0; i < data.length; i += 4) {
        const [r, g, b, a] = [data[i]!, data[i + 1]!, data[i + 2]!, data[i + 3]!]
        if (a > 128 && Math.max(r, g) > b && Math.max(r, g, b) - Math.min(r, g, b) > 90) count++
      }
    }
    return count
  })
}

/** Place on the screen of a camera that stands alone and uncovered; undefined when there is none now. */
export function findFreePoint(
  { page }: Browser,
  wantedIds: string[] | null = null,
): Promise<{ cameraId: string; name: string; x: number; y: number } | undefined> {
  return page.evaluate(async (wanted) => {
    await window.__mapwall.atRest()
    const map = document.querySelector('.map-canvas .map')!
    const box = map.getBoundingClientRect()
    for (const item of window.__mapwall.listItems()) {
      if (item.kind !== 'point' || (wanted && !wanted.includes(item.at.point.cameraId))) continue
      const px = window.__mapwall.pixelOf(item.at.point.cameraId)
      if (!px) continue
      const [x, y] = [box.x + px[0], box.y + px[1]]
      const top = document.elementFromPoint(x, y)
      if (top && map.contains(top)) return { cameraId: item.at.point.cameraId, name: item.at.point.name, x, y }
    }
    return undefined
  }, wantedIds)
}

export type Picture = { currentTime: number; mean: number; spread: number; widthPx: number; ageMs: number; kind: string }

/** The picture of the open camera as it is decoded now. */
export function readPicture({ page }: Browser): Promise<Picture | null> {
  return page.evaluate(() => {
    const tile = document.querySelector('.dock .tile')
    const video = tile?.querySelector('video')
    if (!tile || !video || video.readyState < 2) return null
    const canvas = new OffscreenCanvas(64, 36).getContext('2d')!
    canvas.drawImage(video, 0, 0, 64, 36)
    const { data } = canvas.getImageData(0, 0, 64, 36)
    const bright = Array.from({ length: 64 * 36 }, (_, i) => (data[i * 4]! + data[i * 4 + 1]! + data[i * 4 + 2]!) / 3)
    const mean = bright.reduce((sum, value) => sum + value, 0) / bright.length
    const age = /(\d+(?:\.\d)?) (?:秒前|s ago)/.exec(tile.querySelector('.age')?.textContent ?? '')
    return {
      currentTime: video.currentTime,
      mean,
      spread: Math.sqrt(bright.reduce((sum, value) => sum + (value - mean) ** 2, 0) / bright.length),
      widthPx: video.videoWidth,
      ageMs: age ? Number(age[1]) * 1000 : Number.POSITIVE_INFINITY,
      kind: [...tile.classList].join(' '),
    }
  })
}

/** Plays: time goes on by two seconds, the decoded picture is a picture, the tile says live with a fresh frame. */
export async function expectPlaying(browser: Browser): Promise<Picture> {
  const isLive = (picture: Picture | null) => picture !== null && picture.kind.includes('live') && picture.ageMs < 3_000
  const before = (await until('a live picture', () => readPicture(browser), isLive))!
  const after = (await until(
    'two seconds of it',
    () => readPicture(browser),
    (picture) => isLive(picture) && picture!.currentTime >= before.currentTime + 2,
  ))!
  expect(after.mean).toBeGreaterThan(15)
  expect(after.spread).toBeGreaterThan(8)
  return after
}

export const tileText = ({ page }: Browser): Promise<string> => page.locator('.dock .tile').first().innerText({ timeout: patienceMs })
export const isPushWell = ({ page }: Browser): Promise<boolean> =>
  page.evaluate(() => document.querySelector('.push') !== null && document.querySelector('.push.is-lost') === null)

type Stream = ReturnType<typeof listDemoStreams>[number]
/** The first made-up camera that streams as wished and has no quirk beside it. */
export function findCamera(isMeant: (stream: Stream) => boolean): string {
  const found = listDemoStreams().find((stream) => stream.transports?.includes('tcp') && stream.hasParameterSetsInSdp && isMeant(stream))
  if (!found) throw new Error('no such made-up camera')
  return found.cameraId
}
