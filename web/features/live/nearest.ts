/** Which cameras stand near one, and which of them look at it. Pure; distances on a flat earth, good to a metre within a district. */
import type { CameraPoint } from '../../../server/contract/cameras.ts'
import type { LonLat } from '../../../server/contract/ids.ts'

export type NearCamera = { camera: CameraPoint; distanceM: number; seesHere: boolean }

const metresPerDegree = 111_320
/** On one pole: heading says nothing about what it sees of the other. */
const samePoleM = 3
/** A camera that looks here comes before one that does not, unless it is this much further. */
const seesHereWorthM = 250

/** The `count` best, those that see the point first, then by distance. */
export function nearestCameras(from: CameraPoint, all: Iterable<CameraPoint>, count = 6): NearCamera[] {
  const near: NearCamera[] = []
  for (const camera of all) {
    if (camera.cameraId === from.cameraId) continue
    const { distanceM, bearingDeg } = way(camera.lonLat, from.lonLat)
    near.push({
      camera,
      distanceM,
      seesHere: distanceM <= camera.reachM && (distanceM < samePoleM || Math.abs(turn(bearingDeg - camera.headingDeg)) <= camera.fovDeg / 2),
    })
  }
  const cost = ({ distanceM, seesHere }: NearCamera) => distanceM - (seesHere ? seesHereWorthM : 0)
  return near.toSorted((a, b) => cost(a) - cost(b)).slice(0, count)
}

function way([fromLon, fromLat]: LonLat, [toLon, toLat]: LonLat): { distanceM: number; bearingDeg: number } {
  const eastM = (toLon - fromLon) * metresPerDegree * Math.cos((((fromLat + toLat) / 2) * Math.PI) / 180)
  const northM = (toLat - fromLat) * metresPerDegree
  return { distanceM: Math.hypot(eastM, northM), bearingDeg: (Math.atan2(eastM, northM) * 180) / Math.PI }
}

/** An angle as −180 to 180. */
function turn(deg: number): number {
  return ((((deg + 180) % 360) + 360) % 360) - 180
}
