/**
 * The map as a hand feels it: dragged round for 8 s at 1920x1080 while 1,000 states a second change, drawn by software on this machine's cores.
 * A frame counts only when the symbols moved.
 */
import { rmSync } from 'node:fs'
import { openBrowser } from '../support/browser.ts'
import { buildHarness } from '../web/support/build-harness.ts'
import { startMapServer } from '../web/support/map-server.ts'
import type { PanFigures } from '../web/support/harness/map.ts'
import { round } from './processes.ts'

const CHANGES_PER_S = 1_000
const DURATION_MS = 8_000

export async function benchMap(_folder: string): Promise<Record<string, number>> {
  const built = await buildHarness()
  const server = await startMapServer(built)
  const browser = await openBrowser({ origin: server.origin, width: 1920, height: 1080 })
  try {
    await browser.page.goto(server.origin)
    const figures: Record<string, number> = {}
    for (const count of [468, 10_000]) {
      await browser.page.evaluate((points) => window.mapHarness.mount({ count: points }), count)
      const measured: PanFigures = await browser.page.evaluate((wish) => window.mapHarness.pan(wish), { durationMs: DURATION_MS, changesPerS: CHANGES_PER_S })
      if (measured.changesPerS < CHANGES_PER_S * 0.9)
        console.warn(`map: only ${Math.round(measured.changesPerS)} changes a second were made; the figures for ${count} points are too good`)
      figures[`map.fps_${count}`] = round(measured.fps, 1)
      figures[`map.redraws_per_s_${count}`] = round(measured.redrawsPerS, 1)
      figures[`map.frame_ms_p95_${count}`] = round(measured.p95FrameMs, 1)
    }
    return figures
  } finally {
    await browser.close()
    await server.close()
    rmSync(built, { recursive: true, force: true })
  }
}
