/**
 * The map as a hand feels it: how soon it is there, how long a selection takes, and dragged round for 8 s at 1920x1080 while 1,000 states a second change, drawn by software on this machine's cores.
 * A frame counts only when the symbols moved.
 */
import { rmSync } from 'node:fs'
import { openBrowser } from '../support/browser.ts'
import { buildHarness } from '../web/support/build-harness.ts'
import { startMapServer } from '../web/support/map-server.ts'
import type { PanFigures } from '../web/support/harness/map.ts'
import type { LonLat } from '../../server/contract/ids.ts'
import { destination } from '../../web/engines/map/geometry.ts'
import { listInShape } from '../../web/engines/map/selecting.ts'
import { makePoints } from '../web/support/harness/map-points.ts'
import { round } from './processes.ts'

const CHANGES_PER_S = 1_000
const DURATION_MS = 8_000
const PAINTS = 5
const SELECTIONS = 30

export async function benchMap(_folder: string): Promise<Record<string, number>> {
  const built = await buildHarness()
  const server = await startMapServer(built)
  const browser = await openBrowser({ origin: server.origin, width: 1920, height: 1080 })
  try {
    await browser.page.goto(server.origin)
    const figures: Record<string, number> = { 'map.select_polygon_ms': round(selectPolygonMs(), 2) }
    // the page and its code are there: from asking for the map until nothing is left to draw, the base map read anew
    await browser.page.evaluate(() => window.mapHarness.mount({ count: 468 }))
    const paints = []
    for (let i = 0; i < PAINTS; i++)
      paints.push(
        await browser.page.evaluate(async () => {
          const startedAtMs = performance.now()
          await window.mapHarness.mount({ count: 468 })
          return performance.now() - startedAtMs
        }),
      )
    figures['map.first_paint_ms'] = round(middleOf(paints), 0)
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

/** The cameras in a jagged ring of 500 corners among 10,000. */
function selectPolygonMs(): number {
  const points = makePoints(10_000)
  const middle: LonLat = [middleOf(points.map(({ lonLat }) => lonLat[0])), middleOf(points.map(({ lonLat }) => lonLat[1]))]
  const ring = Array.from({ length: 500 }, (_, i) => destination(middle, (i / 500) * 360, i % 2 ? 1800 : 3000))
  const times = Array.from({ length: SELECTIONS }, () => {
    const startedAtMs = performance.now()
    listInShape(points, { kind: 'polygon', ring })
    return performance.now() - startedAtMs
  })
  return middleOf(times)
}

function middleOf(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)]!
}
