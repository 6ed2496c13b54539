/** Sixteen sub streams on one wall, as a duty room's browser plays them: frames of the slowest tile, and what the browser takes of the processor. */
import { readdirSync, readFileSync } from 'node:fs'
import { listDemoStreams } from '../../server/demo/stream-plan.ts'
import { framesPerSecond, listTiles } from '../e2e/wall-eyes.ts'
import { openBrowser } from '../support/browser.ts'
import { startDemo } from '../support/demo.ts'
import { coresUsed, pause, round } from './processes.ts'

const TILES = 16
const WINDOW_MS = 15_000
const LIVE_WITHIN_MS = 120_000

export async function benchWall(): Promise<Record<string, number>> {
  const demo = await startDemo()
  const browser = await openBrowser({ origin: demo.origin })
  try {
    const { page } = browser
    const account = demo.accounts.find(({ role }) => role === 'dutyOfficer')!
    // the clip of 25 frames a second
    const cameraIds = listDemoStreams()
      .filter(({ clip, mainCodec, transports }) => clip === 'road-dusk' && mainCodec === 'h264' && transports?.includes('tcp'))
      .slice(0, TILES)
      .map(({ cameraId }) => cameraId)
    await page.goto(`${demo.origin}/wall?cameras=${cameraIds.join(',')}`)
    await page.fill('#account', account.account)
    await page.fill('#password', account.password)
    await page.click('form .submit')
    const fromMs = performance.now()
    while ((await listTiles(page)).filter(({ kind }) => kind === 'live').length < TILES) {
      if (performance.now() - fromMs > LIVE_WITHIN_MS) throw new Error(`not ${TILES} live tiles within ${LIVE_WITHIN_MS / 1000} s`)
      await pause(500)
    }
    await pause(5_000)
    const [fps, cores] = await Promise.all([framesPerSecond(page, WINDOW_MS), coresUsed(listBrowserPids(), WINDOW_MS)])
    return { 'wall.fps_16_tiles_min': round(Math.min(...fps), 1), 'wall.cpu_16_tiles': round(cores, 2) }
  } finally {
    await browser.close()
    await demo.stop()
  }
}

/** Every process below this one that is the browser. */
function listBrowserPids(): number[] {
  const processes = readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .flatMap((name) => {
      try {
        const stat = readFileSync(`/proc/${name}/stat`, 'utf8')
        const end = stat.lastIndexOf(')')
        return [{ pid: Number(name), parent: Number(stat.slice(end + 2).split(' ')[1]), command: stat.slice(stat.indexOf('(') + 1, end) }]
      } catch {
        return [] // it has gone meanwhile
      }
    })
  const below = new Set([process.pid])
  for (let isGrowing = true; isGrowing;) {
    const before = below.size
    for (const { pid, parent } of processes) if (below.has(parent)) below.add(pid)
    isGrowing = below.size > before
  }
  return processes.filter(({ pid, command }) => below.has(pid) && command.startsWith('chrom')).map(({ pid }) => pid)
}
