/** How much of two areas is common: their widths summed along lines from west to east. Cannot fail on any shape, and its work has a limit. */
import { boundsOf, METRES_PER_DEGREE, type Polygon } from '../../base/geometry.ts'

const MOST_LINES = 400
const FEWEST_LINES = 40
/** Points where a line meets a border, over all lines. */
const MOST_MEETINGS = 500_000

/** In square metres; borders that only touch have none in common. Slivers narrower than the distance of two lines count by chance. */
export function overlapM2(a: readonly Polygon[], b: readonly Polygon[]): number {
  const [boundsA, boundsB] = [boundsOf(a), boundsOf(b)]
  const bottom = Math.max(boundsA.y[0], boundsB.y[0])
  const height = Math.min(boundsA.y[1], boundsB.y[1]) - bottom
  if (height <= 0 || Math.max(boundsA.x[0], boundsB.x[0]) >= Math.min(boundsA.x[1], boundsB.x[1])) return 0

  const perLine = meetingsPerLine(a, bottom, height) + meetingsPerLine(b, bottom, height)
  const lineCount = Math.max(FEWEST_LINES, Math.min(MOST_LINES, Math.floor(MOST_MEETINGS / (perLine + 1))))
  const step = height / lineCount
  const [linesA, linesB] = [meetLines(a, bottom, step, lineCount), meetLines(b, bottom, step, lineCount)]
  const width = linesA.reduce((sum, line, i) => sum + commonWidth(line, linesB[i]!), 0)
  const east = METRES_PER_DEGREE * Math.cos(((bottom + height / 2) * Math.PI) / 180)
  return width * east * step * METRES_PER_DEGREE
}

function* edgesOf(polygons: readonly Polygon[]) {
  for (const polygon of polygons) for (const ring of polygon) for (let i = 1; i < ring.length; i++) yield [ring[i - 1]!, ring[i]!] as const
}

function meetingsPerLine(polygons: readonly Polygon[], bottom: number, height: number): number {
  let meetings = 0
  for (const [from, to] of edgesOf(polygons)) {
    const [low, high] = from[1] < to[1] ? [from[1], to[1]] : [to[1], from[1]]
    meetings += Math.max(0, Math.min(high, bottom + height) - Math.max(low, bottom)) / height
  }
  return meetings
}

/** Where each line meets the border, from west to east. A line lies in the middle of its step. */
function meetLines(polygons: readonly Polygon[], bottom: number, step: number, lineCount: number): Float64Array[] {
  const lines: number[][] = Array.from({ length: lineCount }, () => [])
  for (const [from, to] of edgesOf(polygons)) {
    const [low, high] = from[1] < to[1] ? [from, to] : [to, from]
    const first = Math.max(0, Math.ceil((low[1] - bottom) / step - 0.5))
    const end = Math.min(lineCount, Math.ceil((high[1] - bottom) / step - 0.5))
    for (let line = first; line < end; line++) {
      const y = bottom + (line + 0.5) * step
      lines[line]!.push(low[0] + ((y - low[1]) / (high[1] - low[1])) * (high[0] - low[0]))
    }
  }
  return lines.map((line) => Float64Array.from(line).sort())
}

/** Of the stretches inside both: from each odd meeting to the next. */
function commonWidth(a: Float64Array, b: Float64Array): number {
  let width = 0
  for (let i = 0, k = 0; i + 1 < a.length && k + 1 < b.length;) {
    width += Math.max(0, Math.min(a[i + 1]!, b[k + 1]!) - Math.max(a[i]!, b[k]!))
    if (a[i + 1]! < b[k + 1]!) i += 2
    else k += 2
  }
  return width
}
