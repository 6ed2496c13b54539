/** Looks at a wall from outside: which tiles there are and how they are, how many frames they show, and whether one of them is ever black. */
import type { Page } from 'playwright-core'

export type WatchedTiles = { tile: number; cameraId: string; kind: string; ageMs: number; widthPx: number; words: string }[]

declare global {
  interface Window {
    __eyes: { frames: number; black: string[]; cameras: Set<string>; isOpen: boolean }
  }
}

/** Tiles that are seen, by number. */
export function listTiles(page: Page): Promise<WatchedTiles> {
  return page.evaluate(() =>
    [...document.querySelectorAll<HTMLElement>('.spot:not(.next)')]
      .map((holder) => {
        const kinds = ['opening', 'live', 'slow', 'stalled', 'offline', 'refused', 'codec', 'noRight', 'limit']
        const tile = holder.querySelector('.tile')
        const age = /(\d+(?:\.\d)?) (?:秒前|s ago)/.exec(tile?.querySelector('.age')?.textContent ?? '')
        return {
          tile: Number(holder.dataset['tile']),
          cameraId: holder.dataset['camera']!,
          kind: kinds.find((kind) => tile?.classList.contains(kind)) ?? 'gone',
          ageMs: age ? Number(age[1]) * 1000 : Number.POSITIVE_INFINITY,
          widthPx: holder.querySelector('video')?.videoWidth ?? 0,
          words: holder.querySelector('.words')?.textContent ?? '',
        }
      })
      .toSorted((a, b) => a.tile - b.tile),
  )
}

/** Frames that reached the screen, of each tile. */
export async function framesPerSecond(page: Page, overMs: number): Promise<number[]> {
  const read = () =>
    page.evaluate(() => ({
      atMs: performance.now(),
      frames: [...document.querySelectorAll<HTMLVideoElement>('.spot:not(.next) video')].map((video) => {
        const { totalVideoFrames, droppedVideoFrames } = video.getVideoPlaybackQuality()
        return totalVideoFrames - droppedVideoFrames
      }),
    }))
  const before = await read()
  await page.waitForTimeout(overMs)
  const after = await read()
  return after.frames.map((frames, i) => ((frames - before.frames[i]!) * 1000) / (after.atMs - before.atMs))
}

/** From now on every tile is looked at in every frame: its picture, the held one over it, or its still. */
export function startWatching(page: Page): Promise<void> {
  return page.evaluate(() => {
    const canvas = new OffscreenCanvas(8, 8).getContext('2d', { willReadFrequently: true })!
    const eyes = { frames: 0, black: [] as string[], cameras: new Set<string>(), isOpen: true }
    window.__eyes = eyes
    const lastOf = new WeakMap<HTMLVideoElement, number>()
    const brightnessOf = (holder: Element) => {
      canvas.clearRect(0, 0, 8, 8)
      const video = holder.querySelector('video')
      if (video && video.readyState >= 2) canvas.drawImage(video, 0, 0, 8, 8)
      for (const over of holder.querySelectorAll<HTMLCanvasElement>('canvas'))
        if (over.offsetParent !== null && over.width > 0) canvas.drawImage(over, 0, 0, 8, 8)
      const brightness = canvas.getImageData(0, 0, 8, 8).data.reduce((sum, value, at) => (at % 4 === 3 ? sum : sum + value), 0) / (64 * 3)
      // while a video seeks, the browser goes on showing the frame it had, but gives it to no canvas
      if (video?.seeking && video.readyState < 2 && lastOf.has(video)) return Math.max(brightness, lastOf.get(video)!)
      if (video) lastOf.set(video, brightness)
      return brightness
    }
    const look = () => {
      if (!eyes.isOpen) return
      eyes.frames++
      for (const holder of document.querySelectorAll<HTMLElement>('.spot:not(.next)')) {
        eyes.cameras.add(holder.dataset['camera']!)
        if (brightnessOf(holder) < 4) eyes.black.push(`${holder.dataset['camera']} in tile ${holder.dataset['tile']} at ${Math.round(performance.now())} ms`)
      }
      requestAnimationFrame(look)
    }
    look()
  })
}

export function stopWatching(page: Page): Promise<{ frames: number; black: string[]; cameras: number }> {
  return page.evaluate(() => {
    window.__eyes.isOpen = false
    const { frames, black, cameras } = window.__eyes
    return { frames, black: black.slice(0, 20), cameras: cameras.size }
  })
}
