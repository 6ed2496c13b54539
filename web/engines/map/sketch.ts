/** What becomes of the places a hand has set with a tool: pure, no map. */
import type { LonLat } from '../../../server/contract/ids.ts'
import { destination } from './geometry.ts'
import { areaM2, lengthM } from './measure.ts'
import { metresBetween } from './selecting.ts'
import type { MapShape, MapTool, Measure, SelectTool } from './tools.ts'

/** Rectangle and circle are pulled open between two places; the others are set corner by corner. */
export function isPulled(tool: MapTool): boolean {
  return tool === 'rectangle' || tool === 'circle'
}

/** How many places a shape needs. */
export function leastPlaces(tool: MapTool): number {
  return tool === 'polygon' || tool === 'area' ? 3 : tool === 'point' ? 1 : 2
}

export function isSelectTool(tool: MapTool): tool is SelectTool {
  return tool === 'rectangle' || tool === 'circle' || tool === 'polygon' || tool === 'route'
}

/** null: nothing is enclosed yet. */
export function shapeOfPlaces(tool: SelectTool, places: readonly LonLat[], widthM: number): MapShape | null {
  const [first, second] = places
  if (places.length < leastPlaces(tool) || !first || !second) return null
  switch (tool) {
    case 'rectangle':
      return first[0] === second[0] || first[1] === second[1] ? null : { kind: 'rectangle', corners: [first, second] }
    case 'circle': {
      const radiusM = metresBetween(first, second)
      return radiusM === 0 ? null : { kind: 'circle', center: first, radiusM }
    }
    case 'polygon':
      return { kind: 'polygon', ring: places }
    case 'route':
      return { kind: 'route', line: places, widthM }
  }
}

export function measureOfPlaces(tool: 'distance' | 'area', places: readonly LonLat[]): Measure | null {
  if (places.length === 0) return null
  if (tool === 'distance') return { kind: 'distance', line: places, metres: lengthM(places) }
  return { kind: 'area', ring: places, squareMetres: areaM2(places), perimeterM: places.length < 2 ? 0 : lengthM([...places, places[0]!]) }
}

const CIRCLE_STEPS = 96

/** The border of what a shape encloses, closed; for a route the line itself, open. */
export function borderOf(shape: MapShape): LonLat[] {
  switch (shape.kind) {
    case 'rectangle': {
      const [[lonA, latA], [lonB, latB]] = shape.corners
      return [
        [lonA, latA],
        [lonB, latA],
        [lonB, latB],
        [lonA, latB],
        [lonA, latA],
      ]
    }
    case 'circle':
      return Array.from({ length: CIRCLE_STEPS + 1 }, (_, i) => destination(shape.center, (i / CIRCLE_STEPS) * 360, shape.radiusM))
    case 'polygon':
      return [...shape.ring, shape.ring[0]!]
    case 'route':
      return [...shape.line]
  }
}
