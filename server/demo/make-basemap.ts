/** Writes the base map of the made-up district: `npx tsx server/demo/make-basemap.ts` → `public/basemap/demo.json`. */
import { mkdirSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { type BasemapFile, basemapFormat, encodePlaces } from '../contract/basemap.ts'
import type { LonLat } from '../contract/ids.ts'
import { demoBaseMapDate, demoBaseMapName, demoOutline } from './district.ts'
import { toLonLat, type Uv } from './district-grid.ts'
import { demoBlocks, demoParks, demoRail, demoRoads, demoWater } from './district-roads.ts'

const ORIGIN: LonLat = [111.66, 40.75]
/** About a metre: finer than a line at street zoom. */
const STEP_DEG = 0.00001

const encode = (line: readonly Uv[]) => encodePlaces(line.map(toLonLat), ORIGIN, STEP_DEG)
const closed = (ring: readonly Uv[]) => encode([...ring, ring[0]!])

export function makeDemoBasemap(): BasemapFile {
  return {
    format: basemapFormat,
    name: demoBaseMapName,
    date: demoBaseMapDate,
    isDemo: true,
    origin: ORIGIN,
    stepDeg: STEP_DEG,
    outline: encodePlaces(demoOutline, ORIGIN, STEP_DEG),
    roads: demoRoads.map(({ name, roadClass, axis, line }) => ({ name, roadClass, isUpright: axis === 'northSouth', points: encode(line) })),
    rivers: [{ name: demoWater.river.name, widthM: demoWater.river.widthM, points: encode(demoWater.river.line) }],
    lakes: [{ name: demoWater.lake.name, points: closed(demoWater.lake.ring) }],
    greens: demoParks.map(({ name, ring }) => ({ name, points: closed(ring) })),
    rails: [{ name: demoRail.name, points: encode(demoRail.line) }],
    blocks: demoBlocks.map(closed),
  }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const folder = new URL('../../public/basemap/', import.meta.url)
  mkdirSync(folder, { recursive: true })
  writeFileSync(new URL('demo.json', folder), `${JSON.stringify(makeDemoBasemap())}\n`)
}
