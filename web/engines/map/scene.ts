/**
 * What stands on the map at one scale: single points, clusters, and the cameras of one pole set around it. Pure: places and states in, things to
 * draw out, lowest first. The one promise: an offline camera is either drawn itself or counted in its cluster's red.
 */
import type { CameraPoint } from '../../../server/contract/cameras.ts'
import type { CameraId } from '../../../server/contract/ids.ts'
import type { CameraStatus } from '../../../server/contract/status.ts'
import { clusterPlaces, clusterRadiusPx } from './cluster.ts'
import { countStatuses, discRadiusPx, ringRadiusPx, type StatusCounts } from './ring.ts'

/** A camera and where it is in the view's projection. `point` is replaced when its state changes. */
export type MapPoint = { point: CameraPoint; x: number; y: number; pole: string }
/** `offsetPx`: where it is drawn when it shares a pole. */
export type PointItem = { kind: 'point'; at: MapPoint; x: number; y: number; offsetPx: readonly [number, number]; z: number }
export type ClusterItem = { kind: 'cluster'; members: MapPoint[]; x: number; y: number; counts: StatusCounts; radiusPx: number; isOnePole: boolean; z: number }
export type MapItem = PointItem | ClusterItem

/** Offline on top. A cluster stands above calm points, and above everything but reds when it holds one. */
const zOfStatus: Record<CameraStatus, number> = { online: 0, suspended: 2, unknown: 3, degraded: 4, offline: 6 }
const Z_CLUSTER = 1
const Z_RED_CLUSTER = 5

/** Cameras on one pole have the same place to about a metre. */
export function poleOf([lon, lat]: readonly [number, number]): string {
  return `${Math.round(lon * 1e5)},${Math.round(lat * 1e5)}`
}

/** Depends on places alone: kept while states change. */
export type Membership = { clusters: { members: MapPoint[]; x: number; y: number; isOnePole: boolean }[]; poles: MapPoint[][] }

/** Who stands with whom: depends on places, scale, and who is taken out (the selected one, the pole that was opened). */
export function groupPoints(
  points: readonly MapPoint[],
  { resolution, sizeScale, isClustered, keepSingle }: { resolution: number; sizeScale: number; isClustered: boolean; keepSingle: (point: MapPoint) => boolean },
): Membership {
  if (!isClustered) return { clusters: [], poles: polesOf(points) }
  const mayJoin = points.filter((point) => !keepSingle(point))
  const { groups, singles } = clusterPlaces(mayJoin, clusterRadiusPx * sizeScale * resolution, (count) => discRadiusPx(count) * sizeScale * resolution)
  return {
    clusters: groups.map((group) => {
      const members = group.members.map((i) => mayJoin[i]!)
      return { members, x: group.x, y: group.y, isOnePole: members.every((member) => member.pole === members[0]!.pole) }
    }),
    poles: polesOf([...singles.map((i) => mayJoin[i]!), ...points.filter(keepSingle)]),
  }
}

function polesOf(singles: readonly MapPoint[]): MapPoint[][] {
  const poles = new Map<string, MapPoint[]>()
  for (const single of singles) {
    const shared = poles.get(single.pole)
    if (shared) shared.push(single)
    else poles.set(single.pole, [single])
  }
  return [...poles.values()]
}

export function buildScene({ clusters, poles }: Membership): MapItem[] {
  const items: MapItem[] = clusters.map(({ members, x, y, isOnePole }) => {
    const counts = countStatuses(members.map((member) => member.point.state.status))
    return { kind: 'cluster', members, x, y, counts, radiusPx: ringRadiusPx(members.length), isOnePole, z: counts.offline > 0 ? Z_RED_CLUSTER : Z_CLUSTER }
  })
  for (const shared of poles) {
    shared.forEach((at, i) => items.push({ kind: 'point', at, x: at.x, y: at.y, offsetPx: fanOffset(i, shared.length), z: zOfStatus[at.point.state.status] }))
  }
  return items.sort((a, b) => a.z - b.z)
}

/** Cameras of one pole stand in a circle around it, the first one north. */
function fanOffset(i: number, count: number): readonly [number, number] {
  if (count === 1) return [0, 0]
  const radiusPx = count <= 4 ? 15 : 15 * (count / 4)
  const angle = (i / count) * 2 * Math.PI
  return [radiusPx * Math.sin(angle), -radiusPx * Math.cos(angle)]
}

/** The topmost thing under a place on the screen. `toPx` gives screen places; `slackPx` makes a point as big as a finger or a pointer needs. */
export function hitItem(
  items: readonly MapItem[],
  [px, py]: readonly [number, number],
  toPx: (x: number, y: number) => readonly [number, number],
  sizeScale: number,
  slackPx = 4,
): MapItem | undefined {
  let best: MapItem | undefined
  let bestDistance = Infinity
  for (let i = items.length - 1; i >= 0; i--) {
    const item = items[i]!
    const [x, y] = toPx(item.x, item.y)
    const [dx, dy] = item.kind === 'point' ? item.offsetPx : [0, 0]
    const distance = Math.hypot(x + dx * sizeScale - px, y + dy * sizeScale - py)
    const reach = (item.kind === 'cluster' ? item.radiusPx + 4 : 9) * sizeScale + slackPx
    if (distance > reach) continue
    // a cluster's disc is opaque and wins inside it; among points the nearest is meant
    if (item.kind === 'cluster' && distance <= item.radiusPx * sizeScale && best === undefined) return item
    if (distance < bestDistance) [best, bestDistance] = [item, distance]
  }
  return best
}

/** How far in a cluster must be zoomed to come apart: the first resolution of `finer` at which its members are not all in one group. */
export function separatingResolution(
  members: readonly MapPoint[],
  finer: readonly number[],
  isClusteredAt: (resolution: number) => boolean,
  sizeScale: number,
): number | undefined {
  return finer.find(
    (resolution) =>
      !isClusteredAt(resolution) ||
      groupPoints(members, { resolution, sizeScale, isClustered: true, keepSingle: () => false }).clusters[0]?.members.length !== members.length,
  )
}

/** Built when first asked: a frame of a burst needs no index, a hover needs many look-ups. */
const indexes = new WeakMap<readonly MapItem[], Map<CameraId, MapItem>>()

export function itemOf(items: readonly MapItem[], cameraId: CameraId): MapItem | undefined {
  let index = indexes.get(items)
  if (!index) {
    index = new Map()
    for (const item of items) {
      if (item.kind === 'point') index.set(item.at.point.cameraId, item)
      else for (const member of item.members) index.set(member.point.cameraId, item)
    }
    indexes.set(items, index)
  }
  return index.get(cameraId)
}
