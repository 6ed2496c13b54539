/** `npx tsx test/e2e/screenshots.ts <folder> [login|desk|tools|wall|phone …]`: pictures of every page from a fresh demo, for the documentation and to look at. */
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { listDemoCameras } from '../../server/demo/cameras.ts'
import { type Browser, openBrowser } from '../support/browser.ts'
import { type Demo, startDemo } from '../support/demo.ts'
import { countStatuses, findCamera, goTo, listDrawn, openMapPage, patienceMs, until, untilAllOnline, untilDrawn } from './page.ts'

const folder = process.argv[2]
if (!folder) {
  console.error('usage: npx tsx test/e2e/screenshots.ts <folder> [login|desk|tools|wall|phone …]')
  process.exit(1)
}
mkdirSync(folder, { recursive: true })

const cameraId = findCamera(({ mainCodec, clip }) => mainCodec === 'h264' && clip === 'gate-day')
const redId = listDemoCameras().find(({ switchName }) => switchName === 'SW-07')!.cameraId

async function shoot({ page }: Browser, name: string) {
  if ((await page.locator('.map-canvas').count()) > 0) await page.evaluate(() => window.__mapwall.atRest())
  await page.screenshot({ path: join(folder!, `${name}.png`) })
  console.info(name)
}
const untilLive = ({ page }: Browser) => page.waitForSelector('.dock .tile.live', { timeout: patienceMs })
async function zoom({ page }: Browser, keys: string) {
  for (const key of keys) await page.keyboard.press(key)
}

async function takeDesk(demo: Demo) {
  const browser = await openMapPage(demo)
  await browser.page.locator('.map').focus()
  await untilAllOnline(browser, 180_000)
  await demo.setSwitchDown('SW-07', true)
  await until(
    'red ones',
    () => listDrawn(browser),
    (drawn) => countStatuses(drawn).offline === 24,
    120_000,
  )
  await shoot(browser, 'map-dark')
  await zoom(browser, '---')
  await shoot(browser, 'map-zoomed-out')
  await goTo(demo, browser, '')
  await zoom(browser, '+++++')
  await shoot(browser, 'map-zoomed-in')
  await goTo(demo, browser, `camera=${cameraId}`)
  await untilLive(browser)
  await shoot(browser, 'camera-open')
  await goTo(demo, browser, `camera=${redId}`)
  await browser.page.waitForSelector('.dock .tile.offline', { timeout: patienceMs })
  await shoot(browser, 'camera-red')
  await goTo(demo, browser, 'list=cameras&status=offline')
  await shoot(browser, 'map-list')
  await goTo(demo, browser, `camera=${cameraId}`)
  await browser.page.getByRole('button', { name: '改为浅色' }).click()
  await untilLive(browser)
  await shoot(browser, 'camera-open-light')
  await goTo(demo, browser, '')
  await shoot(browser, 'map-light')
  await browser.page.locator('.strip .icon-button[aria-label=English]').click()
  await browser.page.getByRole('button', { name: 'Dark' }).first().click()
  await goTo(demo, browser, `camera=${redId}`)
  await browser.page.waitForSelector('.dock .tile.offline', { timeout: patienceMs })
  await shoot(browser, 'english')
  await browser.close()
}

type Look = { colorScheme: 'dark' | 'light'; width: number; height: number; isEnglish: boolean }
const looks: Look[] = [
  { colorScheme: 'dark', width: 1920, height: 1080, isEnglish: false },
  { colorScheme: 'light', width: 1920, height: 1080, isEnglish: true },
  { colorScheme: 'dark', width: 3840, height: 2160, isEnglish: true },
  { colorScheme: 'light', width: 3840, height: 2160, isEnglish: false },
]

/** Runs with each mix of scheme, size and language; `name` says which. */
async function withEachLook(demo: Demo, account: string, take: (browser: Browser, name: (what: string) => string) => Promise<void>) {
  for (const { isEnglish, ...look } of looks) {
    const browser = await openMapPage(demo, { account, ...look })
    if (isEnglish) await browser.page.locator('.strip .icon-button[aria-label=English]').click()
    await take(browser, (what) => `${what}-${look.colorScheme}-${look.width}-${isEnglish ? 'en' : 'zh'}`)
    await browser.close()
  }
}

const takeTools = (demo: Demo) =>
  withEachLook(demo, 'supervisor', async (browser, name) => {
    const { page } = browser
    await goTo(demo, browser, 'shape=circle:111.66,40.75,900')
    await page.waitForSelector('.selection [role=option]', { timeout: patienceMs })
    await shoot(browser, name('tools-selection'))
    await page.locator('.selection .actions button[aria-expanded]').first().click()
    await shoot(browser, name('tools-selection-times'))
    await goTo(demo, browser, '')
    await page.keyboard.press('l')
    await page.locator('.layers .option').nth(2).click()
    await page.waitForSelector('.rates', { timeout: patienceMs })
    await shoot(browser, name('tools-rates'))
    await page.locator('.layers .option').nth(0).click()
    await goTo(demo, browser, `time=${Date.now() - 30 * 3_600_000}&list=cameras`)
    await page.waitForSelector('.banner .counts', { timeout: patienceMs })
    await shoot(browser, name('tools-past'))
  })

const takeWall = (demo: Demo) =>
  withEachLook(demo, 'duty', async (browser, name) => {
    const { page } = browser
    const cameraIds = listDemoCameras().map((camera) => camera.cameraId)
    const live = () => page.waitForFunction(() => document.querySelectorAll('.spot:not(.next) .tile.live').length >= 14, undefined, { timeout: patienceMs })
    await page.goto(`${demo.origin}/wall?cameras=${cameraIds.slice(0, 16).join(',')}`)
    await live()
    await page.locator('.drawer .station').first().click()
    await shoot(browser, name('wall-16'))
    await page.locator('.spot[data-tile="1"] .frame').dblclick()
    await page.waitForSelector('.spot.large .tile.live', { timeout: patienceMs })
    await page.waitForTimeout(2_000) // the main stream takes over
    await shoot(browser, name('wall-focus'))
    await page.keyboard.press('Escape')
    await page.locator('.drawer [data-tab=rotations]').click()
    await page.locator('.drawer .node.two').first().hover()
    await page.locator('.drawer .node.two').first().locator('button').first().click()
    await page.waitForSelector('.turning', { timeout: patienceMs })
    await page.waitForTimeout(12_000) // the second turn
    await shoot(browser, name('wall-rotation'))
    await page.goto(`${demo.origin}/duty?perf=1`)
    await page.waitForSelector('.duty .map-canvas', { timeout: patienceMs })
    await page.waitForLoadState('networkidle', { timeout: 10_000 }).catch(() => undefined)
    await shoot(browser, name('duty'))
  })

async function takeLogin(demo: Demo) {
  const browser = await openBrowser({ origin: demo.origin })
  await browser.page.goto(demo.origin)
  await browser.page.waitForSelector('.service .state-shape', { timeout: patienceMs })
  await browser.page.waitForLoadState('networkidle')
  await shoot(browser, 'login-dark')
  await browser.page.getByRole('button', { name: '深色' }).click()
  await shoot(browser, 'login-light')
  await browser.close()
}

async function takePhone(demo: Demo) {
  const browser = await openMapPage(demo, { width: 390, height: 844, isPhone: true })
  await shoot(browser, 'phone-map')
  await browser.page.goto(`${demo.origin}/?perf=1&camera=${cameraId}`)
  await untilDrawn(browser)
  await untilLive(browser)
  await shoot(browser, 'phone-camera')
  await browser.close()
}

const sets = { login: takeLogin, desk: takeDesk, tools: takeTools, wall: takeWall, phone: takePhone }
const wanted = process.argv.slice(3)
const demo = await startDemo()
try {
  for (const [name, take] of Object.entries(sets)) if (wanted.length === 0 || wanted.includes(name)) await take(demo)
} finally {
  await demo.stop()
}
