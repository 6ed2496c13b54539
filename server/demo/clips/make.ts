/**
 * Draws the clips in Chromium and codes them with ffmpeg into this folder: `node --import tsx server/demo/clips/make.ts [name …]`.
 * With names only those are made anew. Its output is part of the repository, because a fresh machine has neither Chromium nor ffmpeg.
 * `--pictures=FOLDER` writes one JPEG of each clip to look at, and codes nothing.
 */
import { mkdtemp, open, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { chromium, type Page } from 'playwright-core'
import { transformWithOxc } from 'vite'
import { clipPlans, subSize, type ClipIndex, type ClipPlan, type ClipStreams, type StreamFacts } from './catalog.ts'
import { encodeSound, encodeStream } from './encode.ts'
import type { DrawnClip } from './page.ts'

const folder = dirname(fileURLToPath(import.meta.url))
const origin = 'http://clips.localhost'

/** Bit rates are capped so that all clips together stay below 18 MB. */
const kbpsOf = (widthPx: number) => (widthPx > 1920 ? 1700 : widthPx > 1280 ? 1100 : widthPx > 640 ? 850 : 240)

/** A page that loads the painter's modules straight from this folder, types taken off on the way. */
async function openPainter(): Promise<{ page: Page; close(): Promise<void> }> {
  const browser = await chromium.launch({
    executablePath: '/usr/bin/chromium',
    args: [
      '--no-sandbox',
      '--disable-quic',
      '--no-first-run',
      '--disable-background-networking',
      '--disable-component-update',
      '--disable-sync',
      '--disable-gpu',
    ],
  })
  const page = await browser.newPage()
  page.on('pageerror', (error) => console.error(error))
  await page.route(`${origin}/**`, async (route) => {
    const path = new URL(route.request().url()).pathname
    if (path === '/clips/') return route.fulfill({ contentType: 'text/html', body: '<!doctype html><meta charset="utf-8">' })
    const file = join(folder, '..', path)
    const { code } = await transformWithOxc(await readFile(file, 'utf8'), file)
    return route.fulfill({ contentType: 'text/javascript', body: code })
  })
  await page.goto(`${origin}/clips/`)
  return { page, close: () => browser.close() }
}

type Painter = { clip: DrawnClip }

async function openClip(page: Page, plan: ClipPlan): Promise<(index: number) => Promise<Buffer>> {
  await page.evaluate(`import('${origin}/clips/page.ts').then(({ openClip }) => { globalThis.clip = openClip(${JSON.stringify(plan)}) })`)
  return async (index) => Buffer.from(await page.evaluate((i) => (globalThis as unknown as Painter).clip.drawPicture(i), index), 'base64')
}

async function makeClip(page: Page, plan: ClipPlan, workFolder: string): Promise<ClipIndex['clips'][string]> {
  const { name, fps, gopS, durationS, widthPx, heightPx } = plan
  const drawPicture = await openClip(page, plan)
  const moving = join(workFolder, `${name}.mjpeg`)
  const frozen = join(workFolder, `${name}-frozen.mjpeg`)
  const file = await open(moving, 'w')
  for (let i = 0; i < fps * durationS; i++) {
    const picture = await drawPicture(i)
    if (i === 0) await writeFile(frozen, Buffer.concat(Array.from({ length: fps * gopS }, () => picture)))
    await file.write(picture)
  }
  await file.close()
  const input = (path: string) => ['-f', 'mjpeg', '-framerate', String(fps), '-i', path]
  async function encodeBoth(suffix: string, codec: 'h264' | 'h265', size: { widthPx: number; heightPx: number }): Promise<ClipStreams> {
    const job = {
      outFolder: folder,
      codec,
      ...size,
      fps,
      gopFrames: fps * gopS,
      maxKbps: kbpsOf(size.widthPx),
      crf: codec === 'h264' ? 27 : 29,
      hasBFrames: plan.hasBFrames === true && suffix === 'main',
    }
    return {
      moving: await encodeStream({ ...job, input: input(moving), file: `${name}-${suffix}.${codec}` }),
      frozen: await encodeStream({ ...job, input: input(frozen), file: `${name}-${suffix}-frozen.${codec}` }),
    }
  }
  const streams = {
    main: await encodeBoth('main', 'h264', { widthPx, heightPx }),
    sub: await encodeBoth('sub', 'h264', subSize),
    ...(plan.h265 ? { h265: await encodeBoth('main', 'h265', plan.h265) } : {}),
  }
  await Promise.all([moving, frozen].map((path) => rm(path)))
  return streams
}

async function makeBlack(plans: readonly ClipPlan[]): Promise<StreamFacts[]> {
  const sizes = new Map<string, { codec: 'h264' | 'h265'; widthPx: number; heightPx: number }>()
  for (const size of plans.flatMap((plan) => [
    { codec: 'h264' as const, widthPx: plan.widthPx, heightPx: plan.heightPx },
    { codec: 'h264' as const, ...subSize },
    ...(plan.h265 ? [{ codec: 'h265' as const, ...plan.h265 }] : []),
  ]))
    sizes.set(`${size.codec}-${size.widthPx}`, size)
  const streams: StreamFacts[] = []
  for (const [key, size] of sizes) {
    const input = ['-f', 'lavfi', '-i', `color=black:s=${size.widthPx}x${size.heightPx}:r=25:d=4`]
    streams.push(await encodeStream({ input, outFolder: folder, file: `black-${key}.${size.codec}`, ...size, fps: 25, gopFrames: 50, maxKbps: 200, crf: 30 }))
  }
  return streams
}

async function main() {
  const names = process.argv.slice(2).filter((argument) => !argument.startsWith('--'))
  const picturesFolder = process.argv.find((argument) => argument.startsWith('--pictures='))?.slice('--pictures='.length)
  const plans: readonly ClipPlan[] = clipPlans
  const wanted = plans.filter(({ name }) => names.length === 0 || names.includes(name))
  const painter = await openPainter()
  const workFolder = await mkdtemp(join(tmpdir(), 'mapwall-clips-'))
  try {
    if (picturesFolder) {
      for (const plan of wanted)
        await writeFile(join(picturesFolder, `${plan.name}.jpg`), await (await openClip(painter.page, plan))(Math.floor(plan.fps * 4.4)))
      return
    }
    const indexFile = join(folder, 'index.json')
    // Read anew for each clip: two of these may draw different clips at a time.
    async function updateIndex(change: (index: ClipIndex) => void) {
      const index = JSON.parse(await readFile(indexFile, 'utf8').catch(() => '{"clips":{}}')) as ClipIndex
      change(index)
      await writeFile(indexFile, `${JSON.stringify(index, null, 1)}\n`)
    }
    // of all plans, because clips share the black pictures of their size
    const black = await makeBlack(plans)
    const sound = names.length === 0 ? { sound: await encodeSound(folder, 12) } : {}
    await updateIndex((index) => Object.assign(index, { black, ...sound }))
    for (const plan of wanted) {
      const startedAt = performance.now()
      const streams = await makeClip(painter.page, plan, workFolder)
      await updateIndex((index) => (index.clips[plan.name] = streams))
      const kB = [streams.main, streams.sub, streams.h265].map((pair) => Math.round((pair?.moving.bytes ?? 0) / 1000))
      console.log(`${plan.name}: main ${kB[0]} kB, sub ${kB[1]} kB, H.265 ${kB[2]} kB, ${Math.round((performance.now() - startedAt) / 1000)} s`)
    }
  } finally {
    await painter.close()
    await rm(workFolder, { recursive: true, force: true })
  }
}

await main()
