/** `npx tsx test/e2e/screenshots.ts <folder>`: pictures of every page from a fresh demo, for the documentation and to look at. */
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { listDemoCameras } from '../../server/demo/cameras.ts'
import { type Browser, openBrowser } from '../support/browser.ts'
import { type Demo, startDemo } from '../support/demo.ts'
import { countStatuses, findCamera, goTo, listDrawn, openMapPage, patienceMs, until, untilAllOnline, untilDrawn } from './page.ts'

const folder = process.argv[2]
if (!folder) {
  console.error('usage: npx tsx test/e2e/screenshots.ts <folder>')
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

async function takeTools(demo: Demo) {
  for (const colorScheme of ['dark', 'light'] as const) {
    const browser = await openMapPage(demo, { account: 'supervisor', colorScheme })
    const { page } = browser
    await goTo(demo, browser, 'shape=circle:111.66,40.75,900')
    await page.waitForSelector('.selection [role=option]', { timeout: patienceMs })
    await shoot(browser, `tools-selection-${colorScheme}`)
    await goTo(demo, browser, '')
    await page.keyboard.press('l')
    await page.locator('.layers .option').nth(2).click()
    await page.waitForSelector('.rates', { timeout: patienceMs })
    await shoot(browser, `tools-rates-${colorScheme}`)
    await page.locator('.layers .option').nth(0).click()
    await goTo(demo, browser, `time=${Date.now() - 30 * 3_600_000}&list=cameras`)
    await page.waitForSelector('.banner .counts', { timeout: patienceMs })
    await shoot(browser, `tools-past-${colorScheme}`)
    await browser.close()
  }
}

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

const demo = await startDemo()
try {
  await takeLogin(demo)
  await takeDesk(demo)
  await takeTools(demo)
  await takePhone(demo)
} finally {
  await demo.stop()
}
