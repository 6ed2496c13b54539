/** The pictures of points and clusters, drawn once per look and kept: a frame only copies them (`design.md` section 4). */
import { type CameraStatus, statusOrder } from '../../../server/contract/status.ts'
import { color, fontFamily, mapColor, type ThemeName } from '../../base/theme.ts'
import { discRadiusPx, ringArcs, ringRadiusPx, type StatusCounts } from './ring.ts'

/** A picture and where its middle is, in CSS pixels. */
export type Sprite = { image: HTMLCanvasElement; widthPx: number; heightPx: number; anchorX: number; anchorY: number }
export type Look = { theme: ThemeName; sizeScale: number; pixelRatio: number; isStale: boolean }
export type Symbols = ReturnType<typeof createSymbols>

const MAX_KEPT = 1500
const ARC_STEP_DEG = 4
const HALO_PX = 1.6

export function createSprite(widthPx: number, heightPx: number, pixelRatio: number, draw: (ctx: CanvasRenderingContext2D) => void): Sprite {
  const image = document.createElement('canvas')
  image.width = Math.ceil(widthPx * pixelRatio)
  image.height = Math.ceil(heightPx * pixelRatio)
  const ctx = image.getContext('2d', { willReadFrequently: true })!
  ctx.scale(pixelRatio, pixelRatio)
  draw(ctx)
  return { image, widthPx: image.width / pixelRatio, heightPx: image.height / pixelRatio, anchorX: widthPx / 2, anchorY: heightPx / 2 }
}

/** Where the red pill stands from the middle of its cluster, in design units. */
export function pillOffset(radiusPx: number): readonly [number, number] {
  return [radiusPx * 0.76 + 6, -radiusPx * 0.76 - 4]
}

/** Pictures for one look; another theme, size or staleness is another set. */
export function createSymbols({ theme, sizeScale, pixelRatio, isStale }: Look) {
  const kept = new Map<string, Sprite>()
  /** A scene lives for many frames: its clusters need not spell their key in each. */
  const byCounts = new WeakMap<StatusCounts, Sprite>()
  const ink = color[theme]
  const ground = mapColor[theme]
  const tone = (status: CameraStatus) => ink[isStale ? 'unknown' : status]

  function keep(key: string, make: () => Sprite): Sprite {
    let sprite = kept.get(key)
    if (!sprite) {
      if (kept.size >= MAX_KEPT) kept.delete(kept.keys().next().value!)
      sprite = make()
      kept.set(key, sprite)
    }
    return sprite
  }

  /** A square picture whose middle is 0, 0 in design units. */
  function centred(sidePx: number, draw: (ctx: CanvasRenderingContext2D) => void, scale = sizeScale): Sprite {
    return createSprite(sidePx * scale, sidePx * scale, pixelRatio, (ctx) => {
      ctx.scale(scale, scale)
      ctx.translate(sidePx / 2, sidePx / 2)
      draw(ctx)
    })
  }

  function point(status: CameraStatus, enlarged = 1): Sprite {
    return keep(`${status} ${enlarged}`, () => centred(26, (ctx) => drawState(ctx, status, tone(status), theme), sizeScale * enlarged))
  }

  /**
   * A cluster's ring around its number. Its arcs come in steps, and a state that is rare takes its least width anyway: the same few rings come
   * again and again in a burst of changes. The pill is a picture of its own.
   */
  function cluster(counts: StatusCounts): Sprite {
    const kept = byCounts.get(counts)
    if (kept) return kept
    const total = statusOrder.reduce((sum, status) => sum + counts[status], 0)
    const arcs = ringArcs(counts).map(({ status, fromDeg, sweepDeg }) => ({
      status,
      fromDeg: roundTo(fromDeg, ARC_STEP_DEG),
      toDeg: roundTo(fromDeg + sweepDeg, ARC_STEP_DEG),
    }))
    const sprite = keep(`cluster ${total} ${arcs.map(({ status, toDeg }) => `${status}${toDeg}`).join()}`, () => {
      const radius = ringRadiusPx(total)
      return centred(2 * discRadiusPx(total) + 4, (ctx) => {
        ctx.globalAlpha = 0.95
        ctx.beginPath()
        ctx.arc(0, 0, discRadiusPx(total), 0, 2 * Math.PI)
        fillAndStroke(ctx, ink.raised, ground.halo, 1.5)
        ctx.globalAlpha = 1
        writeCentred(ctx, String(total), 0, 0.5, `600 13px ${fontFamily}`, ink.text1)
        ctx.lineWidth = 3.6
        for (const { status, fromDeg, toDeg } of arcs) {
          ctx.globalAlpha = status === 'online' ? 0.78 : 1
          ctx.strokeStyle = tone(status)
          ctx.beginPath()
          ctx.arc(0, 0, radius, radians(fromDeg - 90), radians(toDeg - 90 - (arcs.length > 1 ? 4 : 0)))
          ctx.stroke()
        }
      })
    })
    byCounts.set(counts, sprite)
    return sprite
  }

  /** `◆n` at 1 o'clock; its place is `pillOffset`. */
  function pill(offline: number): Sprite {
    return keep(`pill ${offline}`, () =>
      centred(24 + 14 * String(offline).length, (ctx) => drawPill(ctx, offline, isStale ? ink.control : ink.offlineFill, ground.halo)),
    )
  }

  function selection(): Sprite {
    return keep('selection', () =>
      centred(36, (ctx) => {
        ctx.beginPath()
        ctx.arc(0, 0, 15, 0, 2 * Math.PI)
        ctx.globalAlpha = 0.22
        ctx.fillStyle = ink.accent
        ctx.fill()
        ctx.globalAlpha = 1
        ctx.strokeStyle = ink.accent
        ctx.lineWidth = 2
        ctx.stroke()
      }),
    )
  }

  function namePill(name: string): Sprite {
    return keep(`name ${name}`, () => {
      const font = `${13 * sizeScale}px ${fontFamily}`
      const widthPx = measureText(font, name) + 24 * sizeScale
      return createSprite(widthPx, 24 * sizeScale, pixelRatio, (ctx) => {
        ctx.fillStyle = ink.active
        ctx.beginPath()
        ctx.roundRect(0, 0, widthPx, 24 * sizeScale, 4 * sizeScale)
        ctx.fill()
        writeCentred(ctx, name, widthPx / 2, 12 * sizeScale, font, ink.text1)
      })
    })
  }

  /** `青岚所` and below `71 / 72 ◆1`; the red part only if it is not zero. `words` stand there instead: a rate. */
  function station(name: string, working: number, total: number, offline: number, words?: string): Sprite {
    return keep(`station ${name} ${words ?? `${working} ${total} ${offline}`}`, () => {
      const parts: [text: string, style: string, weight: number][] = words
        ? [[words, ink.text1, 600]]
        : [
            [String(working), ink.text2, 400],
            [` / ${total}`, ink.text3, 400],
          ]
      if (offline > 0 && !words) parts.push([` ◆${offline}`, tone('offline'), 600])
      const fontOf = (weight: number) => `${weight} ${12 * sizeScale}px ${fontFamily}`
      const widths = parts.map(([text, , weight]) => measureText(fontOf(weight), text))
      const countsPx = widths.reduce((sum, width) => sum + width, 0)
      const widthPx = Math.max(countsPx, measureText(`600 ${15 * sizeScale}px ${fontFamily}`, name) * 1.08) + 8 * sizeScale
      return createSprite(widthPx, 42 * sizeScale, pixelRatio, (ctx) => {
        ctx.letterSpacing = `${0.08 * 15 * sizeScale}px`
        writeHaloed(
          ctx,
          name,
          widthPx / 2 + 0.6 * sizeScale,
          13 * sizeScale,
          `600 ${15 * sizeScale}px ${fontFamily}`,
          ground.labelStation,
          ground.halo,
          3 * sizeScale,
        )
        ctx.letterSpacing = '0px'
        let x = (widthPx - countsPx) / 2
        parts.forEach(([text, style, weight], i) => {
          writeHaloed(ctx, text, x + widths[i]! / 2, 31 * sizeScale, fontOf(weight), style, ground.halo, 3 * sizeScale)
          x += widths[i]!
        })
      })
    })
  }

  return { point, cluster, pill, selection, namePill, station }
}

/** One state in design units around 0, 0: colour never stands alone. */
export function drawState(ctx: CanvasRenderingContext2D, status: CameraStatus, tone: string, theme: ThemeName): void {
  const { halo, land } = mapColor[theme]
  ctx.lineCap = 'round'
  ctx.lineJoin = 'round'
  switch (status) {
    case 'online':
      ctx.beginPath()
      ctx.arc(0, 0, 4.6, 0, 2 * Math.PI)
      return fillAndStroke(ctx, tone, halo, HALO_PX)
    case 'degraded':
      fillAndStroke(ctx, tone, halo, HALO_PX, new Path2D('M0-8.4 8 5.6H-8Z'))
      return strokePath(ctx, 'M0-3.4V1.2M0 3.4v.1', halo, 1.9)
    case 'offline':
      fillAndStroke(ctx, tone, halo, HALO_PX, new Path2D('M0-9.4 9.4 0 0 9.4-9.4 0Z'))
      return strokePath(ctx, 'M-2.6-2.6 2.6 2.6M2.6-2.6-2.6 2.6', halo, 1.9)
    case 'unknown':
      ctx.beginPath()
      ctx.arc(0, 0, 6.2, 0, 2 * Math.PI)
      ctx.strokeStyle = halo
      ctx.lineWidth = 1.8 + 2 * HALO_PX
      ctx.stroke()
      ctx.fillStyle = land
      ctx.fill()
      ctx.lineCap = 'butt'
      ctx.setLineDash([2.6, 2.2])
      ctx.strokeStyle = tone
      ctx.lineWidth = 1.8
      ctx.stroke()
      ctx.setLineDash([])
      ctx.lineCap = 'round'
      return strokePath(ctx, 'M-1.7-1.3a1.8 1.8 0 1 1 2.5 1.7c-.6.3-.8.6-.8 1.1M0 3.4v.1', tone, 1.6)
    case 'suspended':
      ctx.beginPath()
      ctx.roundRect(-6, -6, 12, 12, 2.5)
      ctx.strokeStyle = halo
      ctx.lineWidth = 1.8 + 2 * HALO_PX
      ctx.stroke()
      fillAndStroke(ctx, land, tone, 1.8)
      return strokePath(ctx, 'M-1.9-2.6v5.2M1.9-2.6v5.2', tone, 1.6)
  }
}

function drawPill(ctx: CanvasRenderingContext2D, offline: number, fill: string, halo: string): void {
  const text = String(offline)
  const width = 17 + 7 * text.length
  ctx.beginPath()
  ctx.roundRect(-10, -9, width, 18, 9)
  fillAndStroke(ctx, fill, halo, 1.5)
  ctx.fillStyle = '#FFFFFF'
  const diamond = new Path2D('M-2.4-3.6 1.2 0-2.4 3.6-6 0Z')
  // oxlint-disable-next-line unicorn/no-array-fill-with-reference-type -- a path, not an array
  ctx.fill(diamond)
  writeCentred(ctx, text, (width - 10 + 1.2) / 2 - 0.5, 0.5, `600 12px ${fontFamily}`, '#FFFFFF')
}

function fillAndStroke(ctx: CanvasRenderingContext2D, fill: string, stroke: string, width: number, path?: Path2D): void {
  ctx.fillStyle = fill
  ctx.strokeStyle = stroke
  ctx.lineWidth = width
  if (path) {
    // the halo lies outside, so that the shape keeps its size
    ctx.lineWidth = width * 2
    ctx.stroke(path)
    ctx.fill(path)
  } else {
    ctx.fill()
    ctx.stroke()
  }
}

function strokePath(ctx: CanvasRenderingContext2D, path: string, style: string, width: number): void {
  ctx.strokeStyle = style
  ctx.lineWidth = width
  ctx.stroke(new Path2D(path))
}

function writeCentred(ctx: CanvasRenderingContext2D, text: string, x: number, y: number, font: string, style: string): void {
  ctx.font = font
  ctx.textAlign = 'center'
  ctx.textBaseline = 'middle'
  ctx.fillStyle = style
  ctx.fillText(text, x, y)
}

export function writeHaloed(
  ctx: CanvasRenderingContext2D,
  text: string,
  x: number,
  y: number,
  font: string,
  style: string,
  halo: string,
  haloPx: number,
): void {
  ctx.font = font
  ctx.textAlign = 'center'
  ctx.textBaseline = 'middle'
  ctx.lineJoin = 'round'
  ctx.strokeStyle = halo
  ctx.lineWidth = haloPx
  ctx.strokeText(text, x, y)
  ctx.fillStyle = style
  ctx.fillText(text, x, y)
}

let ruler: CanvasRenderingContext2D | undefined
/** Width of a text in px. */
export function measureText(font: string, text: string): number {
  ruler ??= document.createElement('canvas').getContext('2d')!
  ruler.font = font
  return ruler.measureText(text).width
}

function radians(degrees: number): number {
  return (degrees * Math.PI) / 180
}

function roundTo(value: number, step: number): number {
  return Math.round(value / step) * step
}
