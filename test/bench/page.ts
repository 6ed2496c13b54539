/** The first load of the map, as a signed-in user's browser sees it: how much script, and how long until points can be clicked. */
import type { CDPSession } from 'playwright-core'
import { openBrowser } from '../support/browser.ts'
import { startDemo } from '../support/demo.ts'
import { percentile, round } from './processes.ts'

const LOADS = 5

export async function benchPage(): Promise<Record<string, number>> {
  const demo = await startDemo()
  const browser = await openBrowser({ origin: demo.origin })
  try {
    const { page } = browser
    const account = demo.accounts.find(({ role }) => role === 'supervisor')!
    await page.goto(demo.origin)
    await page.fill('#account', account.account)
    await page.fill('#password', account.password)
    await page.click('form .submit')
    await page.waitForSelector('.map-canvas')
    const tookMs: number[] = []
    let scriptBytes = 0
    for (let i = 0; i < LOADS; i++) {
      const session = await page.context().newCDPSession(page)
      const scripts = await countScripts(session)
      const fromMs = performance.now()
      await page.goto(`${demo.origin}/?perf=1`)
      await page.waitForFunction(() => '__mapwall' in window && window.__mapwall.listItems().length > 0, undefined, { polling: 'raf' })
      tookMs.push(performance.now() - fromMs)
      scriptBytes = scripts()
      await session.detach()
    }
    return { 'page.map_interactive_ms': Math.round(percentile(tookMs, 0.5)), 'page.initial_js_gzip_kb': round(scriptBytes / 1024, 1) }
  } finally {
    await browser.close()
    await demo.stop()
  }
}

/** Bytes of script as they came over the wire, cache off. */
async function countScripts(session: CDPSession): Promise<() => number> {
  await session.send('Network.enable')
  await session.send('Network.setCacheDisabled', { cacheDisabled: true })
  const scripts = new Set<string>()
  let bytes = 0
  session.on('Network.responseReceived', ({ requestId, type }) => type === 'Script' && scripts.add(requestId))
  session.on('Network.loadingFinished', ({ requestId, encodedDataLength }) => {
    if (scripts.has(requestId)) bytes += encodedDataLength
  })
  return () => bytes
}
