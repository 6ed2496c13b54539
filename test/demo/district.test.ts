import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { CameraPoint } from '../../server/contract/cameras.ts'
import { Station } from '../../server/contract/stations.ts'
import { decodePlaces } from '../../server/contract/basemap.ts'
import { listDemoCameras } from '../../server/demo/cameras.ts'
import { demoOutline, listDemoStations } from '../../server/demo/district.ts'
import { distanceM, isInside } from '../../server/demo/district-grid.ts'
import { demoRoads, isInWater } from '../../server/demo/district-roads.ts'
import { makeDemoBasemap } from '../../server/demo/make-basemap.ts'

const cameras = listDemoCameras()
const stations = listDemoStations()

/** Square metres of a closed ring, signed. */
function area(ring: readonly (readonly [number, number])[]): number {
  const [lon0, lat0] = ring[0]!
  const flat = ring.map(([lon, lat]) => [(lon - lon0) * 84_330, (lat - lat0) * 111_132] as const)
  return flat.reduce((sum, [x, y], i) => {
    const [x2, y2] = flat[(i + 1) % flat.length]!
    return sum + (x * y2 - x2 * y) / 2
  }, 0)
}

describe('the made-up district', () => {
  test('has ten stations whose jurisdictions are closed rings of the contract and together make up the district', () => {
    expect(stations).toHaveLength(10)
    for (const station of stations) {
      Station.parse(station)
      expect(station.jurisdiction![0]![0]!.at(-1)).toEqual(station.jurisdiction![0]![0]![0])
      expect(isInside(station.labelLonLat, station.jurisdiction![0]![0]!)).toBe(true)
    }
    const sum = stations.reduce((total, station) => total + Math.abs(area(station.jurisdiction![0]![0]!)), 0)
    expect(sum / Math.abs(area(demoOutline))).toBeCloseTo(1, 4)
    expect(Math.abs(area(demoOutline)) / 1e6).toBeGreaterThan(60)
  })

  test('gives every place of the district to exactly one station', () => {
    let inside = 0
    for (let lon = 111.57; lon < 111.75; lon += 0.0037) {
      for (let lat = 40.69; lat < 40.81; lat += 0.0029) {
        const owners = stations.filter((station) => isInside([lon, lat], station.jurisdiction![0]![0]!)).length
        expect(owners).toBe(isInside([lon, lat], demoOutline) ? 1 : 0)
        inside += owners
      }
    }
    expect(inside).toBeGreaterThan(500)
  })

  test('has no lane in the water', () => {
    for (const road of demoRoads.filter((candidate) => candidate.roadClass === 'lane')) expect(road.line.some(isInWater), road.name).toBe(false)
  })

  test('is drawn in the base map that is shipped, made anew it is the same', () => {
    const shipped: unknown = JSON.parse(readFileSync(new URL('../../public/basemap/demo.json', import.meta.url), 'utf8'))
    const made = makeDemoBasemap()
    expect(shipped).toEqual(made)
    const [first] = decodePlaces(made.roads.find((road) => road.name === '青岚路')!.points, made.origin, made.stepDeg)
    expect(first![0]).toBeCloseTo(111.56, 1)
  })
})

describe('the 468 made-up cameras', () => {
  test('are 468, each with an id, a name and a label of its own that no real camera can have', () => {
    expect(cameras).toHaveLength(468)
    for (const key of ['cameraId', 'name', 'label'] as const) expect(new Set(cameras.map((camera) => camera[key])).size, key).toBe(468)
    for (const camera of cameras) {
      expect(camera.cameraId).toMatch(/^99\d{18}$/)
      CameraPoint.omit({ initials: true, hasSound: true, state: true }).parse(camera)
    }
  })

  test('stand inside the jurisdiction of their station and not in the river', () => {
    for (const camera of cameras) {
      const station = stations.find((candidate) => candidate.stationId === camera.stationId)!
      expect(isInside(camera.lonLat, station.jurisdiction![0]![0]!), camera.name).toBe(true)
    }
  })

  test('share a pole in about ten places and are apart elsewhere', () => {
    const poles = new Map<string, number>()
    for (const { lonLat } of cameras) poles.set(lonLat.join(), (poles.get(lonLat.join()) ?? 0) + 1)
    const shared = [...poles.values()].filter((count) => count > 1)
    expect(shared.length).toBeGreaterThanOrEqual(9)
    expect(Math.max(...shared)).toBeGreaterThanOrEqual(4)
    for (const station of stations) {
      const places = [...new Set(cameras.filter((camera) => camera.stationId === station.stationId).map((camera) => camera.lonLat.join()))].map(
        (text) => text.split(',').map(Number) as [number, number],
      )
      places.forEach((place, i) => places.slice(i + 1).forEach((other) => expect(distanceM(place, other)).toBeGreaterThan(20)))
    }
  })

  test('hang on switches of 12 to 30 cameras of one station, SW-07 on exactly 24; a fifth is wireless and on none', () => {
    const groups = new Map<string, typeof cameras>()
    for (const camera of cameras) {
      expect(camera.switchName === null).toBe(camera.link === 'wireless')
      if (camera.switchName !== null) groups.set(camera.switchName, [...(groups.get(camera.switchName) ?? []), camera])
    }
    for (const [name, members] of groups) {
      expect(members.length, name).toBeGreaterThanOrEqual(12)
      expect(members.length, name).toBeLessThanOrEqual(30)
      expect(new Set(members.map((camera) => camera.stationId)).size, name).toBe(1)
    }
    expect(groups.get('SW-07')).toHaveLength(24)
    expect(cameras.filter((camera) => camera.link === 'wireless').length / 468).toBeCloseTo(0.2, 1)
  })

  test('cover every kind of scene', () => {
    const scenes = new Set(cameras.map((camera) => camera.scene))
    expect(scenes.size).toBe(6)
  })

  test('cannot be changed by who asks for them', () => {
    listDemoCameras()[0]!.name = 'changed'
    expect(listDemoCameras()[0]!.name).toBe(cameras[0]!.name)
  })
})
