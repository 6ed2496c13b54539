/** How far a base map is off at a known place, and which mistake about coordinate systems would do just that. Pure. */
import type { LonLat } from '../../../server/contract/ids.ts'
import type { Crs } from '../../../server/contract/map.ts'
import { metresBetween, parsePlaceIn, placeIn } from '../../engines/map/index.ts'

/** Where the picture shows what stands at the known place, from there: east and north positive. */
export type Offset = { readonly eastM: number; readonly northM: number; readonly distanceM: number }

/** The families of systems: those within one lie centimetres apart. */
export const families = ['WGS-84', 'GCJ-02', 'BD-09'] as const
export type Family = (typeof families)[number]
export const familyOf: Record<Crs, Family> = { 'EPSG:3857': 'WGS-84', 'EPSG:4326': 'WGS-84', 'EPSG:4490': 'WGS-84', 'GCJ-02': 'GCJ-02', 'BD-09': 'BD-09' }
const crsOfFamily = { 'WGS-84': 'EPSG:4326', 'GCJ-02': 'GCJ-02', 'BD-09': 'BD-09' } as const satisfies Record<Family, Crs>

export type Mistake =
  /** The tiles are in `really`, not in what the settings say. */
  | { readonly kind: 'tiles'; readonly really: Family }
  /** The numbers that were typed in, or the camera's, are in `really`. */
  | { readonly kind: 'place'; readonly really: Family }
  /** Both the picture and the numbers have been shifted once more. */
  | { readonly kind: 'twice'; readonly really: Family }

export type Verdict = {
  readonly offset: Offset
  readonly isFitting: boolean
  readonly mistakes: readonly Mistake[]
  /** Of the size of an old national datum. */ readonly isOldDatum: boolean
}

/** A hand hits a crossing to a few metres; less is no offset. */
export const FITTING_M = 5
/** A mistake explains an offset when its own lies this near. */
const EXPLAINS_M = 20
const EXPLAINS_RATE = 0.06
const oldDatumM = { from: 25, to: 160 }

export function offsetBetween(known: LonLat, seen: LonLat): Offset {
  const eastM = Math.sign(seen[0] - known[0]) * metresBetween(known, [seen[0], known[1]])
  const northM = Math.sign(seen[1] - known[1]) * metresBetween(known, [known[0], seen[1]])
  return { eastM, northM, distanceM: metresBetween(known, seen) }
}

/** Where the picture would show the known place if a mistake was made; `mapCrs` is what the settings say of the tiles. */
export function seenWith(mistake: Mistake, known: LonLat, mapCrs: Crs): LonLat {
  const really = crsOfFamily[mistake.really]
  const declared = crsOfFamily[familyOf[mapCrs]]
  switch (mistake.kind) {
    case 'tiles':
      // the tile has the place at its own numbers; they are read as those of the declared system
      return parsePlaceIn(declared, placeIn(really, known))
    case 'place':
      return parsePlaceIn(really, known)
    case 'twice':
      return parsePlaceIn(really, parsePlaceIn(really, known))
  }
}

/** Every mistake that could have been made, with the offset it makes there: what is not one family is another. */
export function listMistakes(known: LonLat, mapCrs: Crs): { mistake: Mistake; offset: Offset }[] {
  const others: Mistake[] = families.filter((family) => family !== familyOf[mapCrs]).map((really) => ({ kind: 'tiles', really }))
  const shifted = (['GCJ-02', 'BD-09'] as const).flatMap((really): Mistake[] => [
    { kind: 'place', really },
    { kind: 'twice', really },
  ])
  return [...others, ...shifted].map((mistake) => ({ mistake, offset: offsetBetween(known, seenWith(mistake, known, mapCrs)) }))
}

/** What the offset says. Several mistakes may make the same one: all are named, the nearest first. */
export function judgeOffset(known: LonLat, seen: LonLat, mapCrs: Crs): Verdict {
  const offset = offsetBetween(known, seen)
  const isFitting = offset.distanceM < FITTING_M
  const mistakes = isFitting
    ? []
    : listMistakes(known, mapCrs)
        .map(({ mistake, offset: made }) => ({ mistake, missM: Math.hypot(made.eastM - offset.eastM, made.northM - offset.northM), sizeM: made.distanceM }))
        .filter(({ missM, sizeM }) => sizeM > FITTING_M && missM <= Math.max(EXPLAINS_M, sizeM * EXPLAINS_RATE))
        .sort((a, b) => a.missM - b.missM)
        .map(({ mistake }) => mistake)
  const isOldDatum = !isFitting && mistakes.length === 0 && offset.distanceM >= oldDatumM.from && offset.distanceM <= oldDatumM.to
  return { offset, isFitting, mistakes, isOldDatum }
}

/** Numbers as people write them, `111.66` or `40,75`; null for what is none or lies outside of the system. */
export function readPlace(crs: Crs, first: string, second: string): LonLat | null {
  const [x, y] = [first, second].map((text) => (/^\s*-?\d{1,9}([.,]\d{1,12})?\s*$/.test(text) ? Number(text.trim().replace(',', '.')) : Number.NaN))
  if (x === undefined || y === undefined || Number.isNaN(x) || Number.isNaN(y)) return null
  if (crs === 'EPSG:3857' ? Math.abs(x) > 20_037_508 || Math.abs(y) > 20_037_508 : Math.abs(x) > 180 || Math.abs(y) > 85) return null
  return parsePlaceIn(crs, [x, y])
}
