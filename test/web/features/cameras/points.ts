/** Cameras for tests of the page. */
import type { CameraPoint } from '../../../../server/contract/cameras.ts'
import { CameraId, StationId } from '../../../../server/contract/ids.ts'
import type { CameraStatus, FailureCause } from '../../../../server/contract/status.ts'

type Given = Partial<Omit<CameraPoint, 'cameraId' | 'stationId' | 'state'>> & {
  id: string
  stationId?: string
  status?: CameraStatus
  cause?: FailureCause
  sinceAt?: number
}

export function cameraPoint({ id, stationId = 's1', status = 'online', cause, sinceAt = 0, ...rest }: Given): CameraPoint {
  const cameraId = CameraId.parse(id)
  return {
    cameraId,
    name: `点位-${id}`,
    initials: `dw-${id}`,
    label: `C-${id}`,
    address: '澄桥路',
    lonLat: [111.66, 40.75],
    headingDeg: 0,
    fovDeg: 60,
    reachM: 40,
    scene: 'alley',
    link: 'wired',
    hasSound: false,
    hasPtz: false,
    ...rest,
    stationId: StationId.parse(stationId),
    state: { cameraId, status, cause: cause ?? null, detail: null, sinceAt, evidenceAt: null },
  }
}
