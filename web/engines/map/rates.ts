/** Jurisdictions coloured by their online rate: four steps, each darker or lighter than the next also without colour; hatched where nothing can be said. */
import type { StationId } from '../../../server/contract/ids.ts'
import type { Frame } from './frame.ts'
import type { StationLabel } from './station-labels.ts'
import type { StationRates } from './tools.ts'

export const rateSteps = [0.995, 0.98, 0.95] as const
export type RateStep = 0 | 1 | 2 | 3

/** 0 is the best: at least 99.5 %; 3 the worst: below 95 %. */
export function rateStep(rate: number): RateStep {
  const step = rateSteps.findIndex((atLeast) => rate >= atLeast)
  return (step === -1 ? 3 : step) as RateStep
}

/** `98.27 %`; a rate that is not full never reads 100. */
export function writeRate(rate: number | null): string {
  if (rate === null) return '—'
  return rate >= 1 ? '100 %' : `${(Math.floor(rate * 10_000 + 1e-6) / 100).toFixed(2)} %`
}

/** Weak where all is well: what stands out is what needs somebody. */
export const rateFill = [
  { tone: 'online', alpha: 0.08 },
  { tone: 'degraded', alpha: 0.14 },
  { tone: 'degraded', alpha: 0.26 },
  { tone: 'offline', alpha: 0.5 },
] as const

const HATCH_PX = 9

export function paintRates(frame: Frame, stations: readonly StationLabel[], rates: StationRates | null): void {
  if (!rates) return
  const { ctx, ink, unit } = frame
  for (const { stationId, area } of stations) {
    if (!area) continue
    const rate = rates.get(stationId) ?? null
    frame.inShape(area)
    if (rate === null) {
      hatch(frame, area.path)
      continue
    }
    const { tone, alpha } = rateFill[rateStep(rate)]
    ctx.globalAlpha = alpha
    ctx.fillStyle = ink[tone]
    ctx.fill(area.path, 'evenodd')
    ctx.globalAlpha = 0.6
    ctx.strokeStyle = ink[tone]
    ctx.lineWidth = 1.5 * unit
    ctx.stroke(area.path)
    ctx.globalAlpha = 1
  }
}

/** Lines over the screen, cut to the area: they stay as wide and as far apart at every scale. */
function hatch({ ctx, ink, look, widthPx, heightPx, inPx }: Frame, area: Path2D): void {
  ctx.save()
  ctx.clip(area, 'evenodd')
  inPx()
  ctx.beginPath()
  const step = HATCH_PX * look.sizeScale
  for (let x = -heightPx; x < widthPx; x += step) {
    ctx.moveTo(x, heightPx)
    ctx.lineTo(x + heightPx, 0)
  }
  ctx.globalAlpha = 0.35
  ctx.strokeStyle = ink.unknown
  ctx.lineWidth = 1.2 * look.sizeScale
  ctx.stroke()
  ctx.restore()
}

/** What the label of a station says instead of its numbers; undefined: rates are not shown. */
export function rateWords(rates: StationRates | null, stationId: StationId): string | undefined {
  return rates ? writeRate(rates.get(stationId) ?? null) : undefined
}
