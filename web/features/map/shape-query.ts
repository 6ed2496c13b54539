/** What somebody drew, as a piece of an address: `circle:111.66012,40.75003,120`. To a metre. */
import type { LonLat } from '../../../server/contract/ids.ts'
import type { MapShape } from '../../engines/map/tools.ts'

/** More corners make an address too long to be kept and sent. */
export const maxCorners = 80
export const corridorM = { min: 5, max: 500, usual: 40 } as const
const maxRadiusM = 50_000

export function serializeShape(shape: MapShape): string {
  switch (shape.kind) {
    case 'rectangle':
      return `rectangle:${shape.corners.map(serializeLonLat).join(',')}`
    case 'circle':
      return `circle:${serializeLonLat(shape.center)},${Math.round(shape.radiusM)}`
    case 'polygon':
      return `polygon:${openRing(shape.ring).map(serializeLonLat).join(',')}`
    case 'route':
      return `route:${Math.round(shape.widthM)},${shape.line.map(serializeLonLat).join(',')}`
  }
}

/** null for what is no shape: an old or mistyped link still opens. */
export function parseShape(text: string | undefined): MapShape | null {
  const [kind, list = ''] = (text ?? '').split(':')
  const numbers = list.split(',').map((number) => (/^-?\d{1,6}(\.\d{1,8})?$/.test(number) ? Number(number) : Number.NaN))
  switch (kind) {
    case 'rectangle': {
      const [from, to, ...rest] = parsePlaces(numbers) ?? []
      return from && to && rest.length === 0 && from[0] !== to[0] && from[1] !== to[1] ? { kind, corners: [from, to] } : null
    }
    case 'circle': {
      const [center] = parsePlaces(numbers.slice(0, 2)) ?? []
      const radiusM = numbers[2] ?? Number.NaN
      return center && numbers.length === 3 && radiusM >= 1 && radiusM <= maxRadiusM ? { kind, center, radiusM } : null
    }
    case 'polygon': {
      const ring = parsePlaces(numbers)
      return ring && ring.length >= 3 && ring.length <= maxCorners ? { kind, ring } : null
    }
    case 'route': {
      const [widthM = Number.NaN, ...places] = numbers
      const line = parsePlaces(places)
      return line && line.length >= 2 && line.length <= maxCorners && widthM >= corridorM.min && widthM <= corridorM.max ? { kind, line, widthM } : null
    }
    default:
      return null
  }
}

export function serializeLonLat([lon, lat]: LonLat): string {
  return `${lon.toFixed(5)},${lat.toFixed(5)}`
}

export function parseLonLat(text: string | undefined): LonLat | null {
  const places = parsePlaces((text ?? '').split(',').map((number) => (/^-?\d{1,3}(\.\d{1,8})?$/.test(number) ? Number(number) : Number.NaN)))
  return places?.length === 1 ? places[0]! : null
}

/** Can it stand in an address? */
export function fitsAddress(shape: MapShape): boolean {
  return parseShape(serializeShape(shape)) !== null
}

function parsePlaces(numbers: readonly number[]): LonLat[] | null {
  if (numbers.length === 0 || numbers.length % 2 === 1) return null
  const places: LonLat[] = []
  for (let i = 0; i < numbers.length; i += 2) {
    const [lon, lat] = [numbers[i]!, numbers[i + 1]!]
    if (!(Math.abs(lon) <= 180 && Math.abs(lat) <= 85)) return null
    places.push([lon, lat])
  }
  return places
}

/** Without the repeated first corner. */
function openRing(ring: readonly LonLat[]): readonly LonLat[] {
  const [first, last] = [ring[0], ring.at(-1)]
  return ring.length > 1 && first && last && first[0] === last[0] && first[1] === last[1] ? ring.slice(0, -1) : ring
}
