/** Made-up cameras for the map alone: those of the demo district, or any number around them. The same every time. */
import type { CameraPoint } from '../../../../server/contract/cameras.ts'
import type { CameraId } from '../../../../server/contract/ids.ts'
import type { CameraState, CameraStatus } from '../../../../server/contract/status.ts'
import { listDemoCameras } from '../../../../server/demo/cameras.ts'
import { createRandom } from '../../../../server/demo/seeded.ts'

const SCATTER_DEG = 0.006

/** Mostly well, as a district is: one in twenty is not. */
export function anyStatus(chance: () => number): CameraStatus {
  const share = chance()
  return share < 0.02 ? 'offline' : share < 0.035 ? 'degraded' : share < 0.043 ? 'unknown' : share < 0.05 ? 'suspended' : 'online'
}

export function stateOf(cameraId: CameraId, status: CameraStatus): CameraState {
  return { cameraId, status, cause: status === 'offline' ? 'unreachable' : null, detail: null, sinceAt: Date.now() - 327_000, evidenceAt: Date.now() }
}

export function makePoints(count: number, seed = 468): CameraPoint[] {
  const demo = listDemoCameras()
  const chance = createRandom(seed)
  return Array.from({ length: count }, (_, i) => {
    const { name, label, address, lonLat, headingDeg, fovDeg, reachM, stationId, scene, link, hasPtz } = demo[i % demo.length]!
    const isDemo = i < demo.length
    const cameraId = `map-${i}` as CameraId
    return {
      cameraId,
      name: isDemo ? name : `${name}-${i}`,
      initials: '',
      label,
      address,
      headingDeg,
      fovDeg,
      reachM,
      stationId,
      scene,
      link,
      hasPtz,
      hasSound: false,
      lonLat: isDemo ? lonLat : [lonLat[0] + (chance() - 0.5) * SCATTER_DEG, lonLat[1] + (chance() - 0.5) * SCATTER_DEG],
      state: stateOf(cameraId, anyStatus(chance)),
    }
  })
}
