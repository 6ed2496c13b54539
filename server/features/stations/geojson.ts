/** Reads a GeoJSON file of polygons (RFC 7946) that nobody has checked yet: its size is known before anything is built from it. */
import { z } from 'zod'
import type { Polygon, Ring } from '../../base/geometry.ts'
import { type JurisdictionProblem, MAX_JURISDICTION_VERTICES } from '../../contract/stations.ts'

/** `feature` counts from 0. */
export type Say = (problem: JurisdictionProblem, evidence: string, feature?: number) => void

/** One feature whose shape can be used; its coordinates are as the file has them. */
export type ReadFeature = { feature: number; stationText: string; polygons: Polygon[] }

const MAX_FEATURES = 1_000
/** Objects for each feature: itself, properties, geometry, and what others keep there. */
const MAX_OBJECTS = 10 * MAX_FEATURES
/** A FeatureCollection of multipolygons is 8 deep. */
const MAX_DEPTH = 24
const MAX_VALUES = 500_000
const LONGEST_SHOWN = 60

export const shown = (value: unknown): string => {
  const text = typeof value === 'string' ? value : (JSON.stringify(value) ?? String(value))
  return text.length > LONGEST_SHOWN ? `${text.slice(0, LONGEST_SHOWN)}…` : text
}

/** The features that can be used; every other is told of by `say`. */
export function readGeoJson(text: string, stationProperty: string, say: Say): ReadFeature[] {
  if (isTooLarge(text, say)) return []
  const features = parseFeatures(text, say)
  if (features.length > MAX_FEATURES) {
    say('too_many_features', `${features.length} > ${MAX_FEATURES}`)
    return []
  }
  return features.flatMap((feature, i) => {
    const stationText = readStationText(feature, stationProperty, (problem, evidence) => say(problem, evidence, i))
    const polygons = readPolygons(feature, (problem, evidence) => say(problem, evidence, i))
    return stationText === undefined || polygons === undefined ? [] : [{ feature: i, stationText, polygons }]
  })
}

/** One pass over the text, nothing kept: how deep it is and how much there would be of it. */
function isTooLarge(text: string, say: Say): boolean {
  const { depth, positions, objects, values } = measure(text)
  if (depth > MAX_DEPTH) say('not_geojson', `${depth} > ${MAX_DEPTH} levels`)
  else if (positions > MAX_JURISDICTION_VERTICES) say('too_many_vertices', `${positions} > ${MAX_JURISDICTION_VERTICES}`)
  else if (objects > MAX_OBJECTS) say('too_many_features', `${objects} > ${MAX_OBJECTS} objects`)
  else if (values > MAX_VALUES) say('not_geojson', `${values} > ${MAX_VALUES} values`)
  else return false
  return true
}

const [QUOTE, BACKSLASH, COMMA, MINUS, ZERO, NINE] = [0x22, 0x5c, 0x2c, 0x2d, 0x30, 0x39]
const [OPEN_ARRAY, CLOSE_ARRAY, OPEN_OBJECT, CLOSE_OBJECT] = [0x5b, 0x5d, 0x7b, 0x7d]

function measure(text: string): { depth: number; positions: number; objects: number; values: number } {
  const size = { depth: 0, positions: 0, objects: 0, values: 1 }
  let level = 0
  let isArrayBegun = false
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i)
    if (code <= 0x20) continue
    if (isArrayBegun && ((code >= ZERO && code <= NINE) || code === MINUS)) size.positions++
    isArrayBegun = code === OPEN_ARRAY
    if (code === QUOTE) {
      for (i++; i < text.length && text.charCodeAt(i) !== QUOTE; i++) if (text.charCodeAt(i) === BACKSLASH) i++
    } else if (code === OPEN_ARRAY || code === OPEN_OBJECT) {
      size.depth = Math.max(size.depth, ++level)
      if (code === OPEN_OBJECT) size.objects++
    } else if (code === CLOSE_ARRAY || code === CLOSE_OBJECT) level--
    else if (code === COMMA) size.values++
  }
  return size
}

const Collection = z.object({ type: z.literal('FeatureCollection'), features: z.array(z.unknown()) })

function parseFeatures(text: string, say: Say): unknown[] {
  let parsed: unknown
  try {
    parsed = JSON.parse(text.replace(/^\uFEFF/, ''))
  } catch (problem) {
    say('not_geojson', shown((problem as Error).message))
    return []
  }
  const collection = Collection.safeParse(parsed)
  if (collection.success) return collection.data.features
  const type = z.object({ type: z.unknown() }).safeParse(parsed).data?.type
  say('not_geojson', `type = ${shown(type)}`)
  return []
}

type SayHere = (problem: JurisdictionProblem, evidence: string) => void
const Properties = z.object({ properties: z.record(z.string(), z.unknown()) })

function readStationText(feature: unknown, stationProperty: string, say: SayHere): string | undefined {
  const properties = Properties.safeParse(feature).data?.properties ?? {}
  const value = Object.hasOwn(properties, stationProperty) ? properties[stationProperty] : undefined
  const text = typeof value === 'number' ? String(value) : typeof value === 'string' ? value.trim() : ''
  if (text !== '') return text
  say('property_missing', shown(`${stationProperty}: ${Object.keys(properties).slice(0, 10).join(', ')}`))
  return undefined
}

const Geometry = z.object({ geometry: z.object({ type: z.unknown(), coordinates: z.unknown() }) })

function readPolygons(feature: unknown, say: SayHere): Polygon[] | undefined {
  const { type, coordinates } = Geometry.safeParse(feature).data?.geometry ?? {}
  const given = type === 'Polygon' ? [coordinates] : type === 'MultiPolygon' ? coordinates : undefined
  if (!Array.isArray(given) || given.length === 0) {
    say('not_a_polygon', `type = ${shown(type)}`)
    return undefined
  }
  const polygons: Polygon[] = []
  for (const [p, rings] of given.entries()) {
    if (!Array.isArray(rings) || rings.length === 0) {
      say('not_a_polygon', `coordinates[${p}] = ${shown(rings)}`)
      return undefined
    }
    const read = rings.map((ring, r) => readRing(ring, `coordinates[${p}][${r}]`, say))
    if (!read.every((ring) => ring !== undefined)) return undefined
    polygons.push(read)
  }
  return polygons
}

/** A closed ring of pairs, none twice in a row; heights are left out. */
function readRing(ring: unknown, where: string, say: SayHere): Ring | undefined {
  if (!Array.isArray(ring)) {
    say('not_a_polygon', `${where} = ${shown(ring)}`)
    return undefined
  }
  const pairs: [number, number][] = []
  for (const [i, position] of ring.entries()) {
    const [x, y] = Array.isArray(position) ? (position as unknown[]) : []
    if (typeof x !== 'number' || typeof y !== 'number' || !Number.isFinite(x) || !Number.isFinite(y)) {
      say('not_a_polygon', `${where}[${i}] = ${shown(position)}`)
      return undefined
    }
    const last = pairs.at(-1)
    if (last?.[0] !== x || last[1] !== y) pairs.push([x, y])
  }
  const [first, last] = [pairs[0], pairs.at(-1)]
  if (first && last && (first[0] !== last[0] || first[1] !== last[1])) {
    say('ring_not_closed', `${where}: [${first.join(', ')}] ≠ [${last.join(', ')}]`)
    return undefined
  }
  if (pairs.length < 4) {
    say('ring_too_short', `${where}: ${pairs.length} < 4`)
    return undefined
  }
  return pairs
}
