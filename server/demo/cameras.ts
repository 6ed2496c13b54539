/**
 * 468 made-up cameras: places on real stretches of the made-up roads, names and numbers as a district would give them.
 * Numbers begin with 99, which no administrative division has, so that none can be taken for a real camera.
 */
import { type Link, type Scene } from '../contract/cameras.ts'
import { CameraId, type Instant, type LonLat, type StationId } from '../contract/ids.ts'
import { createNaming, createPlaces, pick, type Place } from './camera-places.ts'
import { listDemoStations, stationPlans } from './district.ts'
import { createRandom } from './seeded.ts'

export type DemoCamera = {
  cameraId: CameraId
  name: string
  /** Number on the pole: `C-118`, and `C-118-2` for the second camera of one pole. */
  label: string
  address: string
  lonLat: LonLat
  headingDeg: number
  fovDeg: number
  reachM: number
  stationId: StationId
  scene: Scene
  link: Link
  hasPtz: boolean
  /** The access switch it hangs on; null for a wireless one. Losing a switch loses its whole group. */
  switchName: string | null
  vendor: string
  model: string
  mountHeightM: number
  installedAt: Instant
  lastUpkeepAt: Instant
}

const DAY_MS = 86_400_000
const FIRST_INSTALLED_AT = Date.UTC(2021, 3, 6, 1)
const LAST_UPKEEP_FROM_AT = Date.UTC(2026, 7, 17, 1)

const products = [
  { vendor: '辰目', models: ['CM-B4210', 'CM-B2230'], ptzModel: 'CM-P4300' },
  { vendor: '霁视', models: ['JS-4E12', 'JS-2E08'], ptzModel: 'JS-4P20' },
  { vendor: '远岚', models: ['YL-IPC420', 'YL-IPC220'], ptzModel: 'YL-PTZ430' },
] as const

const reachOfScene: Record<Scene, readonly number[]> = {
  alley: [25, 30, 35],
  troubleSpot: [50, 60, 80],
  residentialGate: [25, 30, 40],
  mall: [35, 40, 50],
  market: [30, 35, 45],
  other: [45, 60, 70],
}
const openingOfScene: Record<Scene, readonly number[]> = {
  alley: [48, 56, 64],
  troubleSpot: [60, 70, 84],
  residentialGate: [70, 84, 92],
  mall: [64, 76, 90],
  market: [64, 76, 88],
  other: [44, 52, 64],
}

type Placed = Place & { owner: string; stationId: StationId }

/** SW-07 of 石渡所 has exactly 24 cameras; the others between 12 and 30. Wired cameras in the order of the streets they stand on. */
function assignSwitches(placed: readonly (Placed & { isWireless: boolean })[]): Map<Placed, string> {
  const names = new Map<Placed, string>()
  let switchCount = 0
  for (const { owner } of stationPlans) {
    const wired = placed.filter((place) => place.owner === owner && !place.isWireless).sort((a, b) => a.lonLat[0] - b.lonLat[0])
    const groupCount = Math.ceil(wired.length / 26)
    const firstSize = owner === 'F' ? 24 : Math.ceil(wired.length / groupCount)
    const restSize = Math.ceil((wired.length - firstSize) / Math.max(1, groupCount - 1))
    wired.forEach((place, i) => {
      const group = i < firstSize ? 0 : 1 + Math.floor((i - firstSize) / restSize)
      names.set(place, `SW-${String(switchCount + group + 1).padStart(2, '0')}`)
    })
    switchCount += groupCount
  }
  return names
}

function buildCameras(): DemoCamera[] {
  const stations = listDemoStations()
  const random = createRandom(468)
  const naming = createNaming()
  const placed = stationPlans.flatMap((plan, i) => {
    const { stationId, jurisdiction } = stations[i]!
    return createPlaces({ plan, jurisdiction: jurisdiction![0]![0]!, naming }).map((place, n) => ({
      ...place,
      owner: plan.owner,
      stationId,
      isWireless: (n * 7 + i) % 5 === 3,
    }))
  })
  const switchNames = assignSwitches(placed)
  return placed.map((place, i) => {
    const hasPtz = (place.scene === 'troubleSpot' || place.scene === 'mall') && random() < 0.22
    const product = pick(random, products)
    const installedAt = FIRST_INSTALLED_AT + Math.floor(random() * 1700) * DAY_MS
    return {
      cameraId: CameraId.parse(`99000000001320${String(i + 1).padStart(6, '0')}`),
      name: place.name,
      label: place.label,
      address: place.address,
      lonLat: place.lonLat,
      headingDeg: place.headingDeg,
      fovDeg: pick(random, openingOfScene[place.scene]),
      reachM: pick(random, reachOfScene[place.scene]),
      stationId: place.stationId,
      scene: place.scene,
      link: place.isWireless ? 'wireless' : 'wired',
      hasPtz,
      switchName: switchNames.get(place) ?? null,
      vendor: product.vendor,
      model: hasPtz ? product.ptzModel : pick(random, product.models),
      mountHeightM: 3.5 + Math.floor(random() * 7) / 2,
      installedAt,
      lastUpkeepAt: LAST_UPKEEP_FROM_AT + Math.floor(random() * 90) * DAY_MS,
    }
  })
}

let cameras: readonly DemoCamera[] | undefined

/** All 468, the same on every machine and at every start. */
export function listDemoCameras(): DemoCamera[] {
  cameras ??= buildCameras()
  return structuredClone(cameras) as DemoCamera[]
}
