/** Debian's Chromium, headless, for tests that look at real pages with real decoding. */
import { existsSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type BrowserContext, type Page, chromium } from 'playwright-core'

const executablePath = process.env['CHROMIUM'] ?? '/usr/bin/chromium'

export const hasChromium = existsSync(executablePath)
if (!hasChromium) console.warn(`\nSKIPPED LOUDLY: no Chromium at ${executablePath}; every browser test is left out. Install: apt-get install chromium\n`)

export type Browser = {
  context: BrowserContext
  page: Page
  /** Console errors, page errors and requests that left `origin`: a clean run has none. */
  troubles: string[]
  close(): Promise<void>
}

/** Opens a fresh profile. Everything the page asks of another origin is refused and noted (A4). */
export async function openBrowser(options: {
  origin: string
  width?: number
  height?: number
  locale?: string
  colorScheme?: 'dark' | 'light'
  isPhone?: boolean
}): Promise<Browser> {
  const profile = mkdtempSync(join(tmpdir(), 'mapwall-chromium-'))
  const viewport = { width: options.width ?? 1920, height: options.height ?? 1080 }
  const context = await chromium.launchPersistentContext(profile, {
    executablePath,
    headless: true,
    viewport,
    locale: options.locale ?? 'zh-CN',
    timezoneId: 'Asia/Shanghai',
    colorScheme: options.colorScheme ?? 'dark',
    ...(options.isPhone ? { hasTouch: true, isMobile: true, deviceScaleFactor: 2 } : {}),
    args: [
      '--no-sandbox',
      '--disable-quic',
      '--no-first-run',
      '--disable-background-networking',
      '--disable-component-update',
      '--disable-sync',
      '--autoplay-policy=no-user-gesture-required',
      '--mute-audio',
    ],
  })
  const troubles: string[] = []
  await context.route(
    (url) => url.origin !== options.origin && !['data:', 'blob:'].includes(url.protocol),
    (route) => {
      troubles.push(`request left the origin: ${route.request().url()}`)
      return route.abort()
    },
  )
  const page = context.pages()[0] ?? (await context.newPage())
  page.on('console', (message) => {
    if (message.type() === 'error') troubles.push(`console: ${message.text()} ${message.location().url}`)
  })
  page.on('pageerror', (error) => troubles.push(`page: ${error.message}`))
  return {
    context,
    page,
    troubles,
    async close() {
      await context.close()
      rmSync(profile, { recursive: true, force: true })
    },
  }
}
