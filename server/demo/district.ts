/**
 * The district every demo is set in: outline and ten police stations with their jurisdictions. Made up from end to end, and says so.
 * Nothing here needs Node: the base map script, the server's seed and tests use it alike.
 */
import { type LonLat, StationId } from '../contract/ids.ts'
import type { Station } from '../contract/stations.ts'
import { jurisdictionUv, outlineUv } from './district-boundary.ts'
import { type CellOwner, toLonLat, type Uv } from './district-grid.ts'

export const demoUnitName = '霁川分局视频监控'
/** Shown wherever the base map is named. */
export const demoBaseMapName = '演示区矢量图'
export const demoBaseMapDate = '2026-10-01'

type StationPlan = { owner: CellOwner; stationId: string; stem: string; cameraCount: number; labelUv: Uv }

/** In the order in which their switches were numbered. */
export const stationPlans: readonly StationPlan[] = [
  { owner: 'A', stationId: 'beiting', stem: '北亭', cameraCount: 50, labelUv: [3.4, 1.35] },
  { owner: 'B', stationId: 'wangchuan', stem: '望川', cameraCount: 42, labelUv: [8.4, 1.5] },
  { owner: 'D', stationId: 'liuxi', stem: '柳溪', cameraCount: 55, labelUv: [1.7, 4.4] },
  { owner: 'F', stationId: 'shidu', stem: '石渡', cameraCount: 61, labelUv: [4.4, 6.75] },
  { owner: 'C', stationId: 'qinglan', stem: '青岚', cameraCount: 72, labelUv: [6.5, 3.6] },
  { owner: 'G', stationId: 'yunlan', stem: '云澜', cameraCount: 52, labelUv: [8.5, 6.4] },
  { owner: 'E', stationId: 'dongji', stem: '东霁', cameraCount: 42, labelUv: [11.4, 4.3] },
  { owner: 'H', stationId: 'nanyu', stem: '南屿', cameraCount: 40, labelUv: [10.7, 7.7] },
  { owner: 'I', stationId: 'tinglan', stem: '汀兰', cameraCount: 30, labelUv: [10.8, 1.4] },
  { owner: 'J', stationId: 'zhuxu', stem: '竹墟', cameraCount: 24, labelUv: [11.9, 5.55] },
]

function closedRing(open: readonly Uv[]): LonLat[] {
  const ring = open.map(toLonLat)
  return [...ring, ring[0]!]
}

/** One closed ring, WGS-84. */
export const demoOutline: LonLat[] = closedRing(outlineUv)

const stations: readonly Station[] = stationPlans.map(({ owner, stationId, stem, labelUv }) => ({
  stationId: StationId.parse(stationId),
  name: `${stem}派出所`,
  shortName: `${stem}所`,
  jurisdiction: [[closedRing(jurisdictionUv(owner))]],
  labelLonLat: toLonLat(labelUv),
}))

export function listDemoStations(): Station[] {
  return structuredClone(stations) as Station[]
}
