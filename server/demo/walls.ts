/** What a duty room would have saved by now: two layouts and two rotations of the demo's cameras, shared by the duty officer with colleagues and supervisors. */
import type { CameraId, UserId } from '../contract/ids.ts'
import type { Role } from '../contract/permissions.ts'
import { type UsualTiles, wallShapes } from '../contract/walls.ts'
import type { Walls } from '../features/walls/index.ts'
import { type DemoCamera, listDemoCameras } from './cameras.ts'
import { listDemoStations } from './district.ts'

const sharedWith: Role[] = ['dutyOfficer', 'supervisor']
const GROUP_CAMERAS = 4

/** For the very first start; does nothing where the duty officer has a layout already. */
export async function seedWalls({ layouts, rotations }: Walls, ownerId: UserId): Promise<void> {
  const owner = { userId: ownerId, account: 'duty', role: 'dutyOfficer' as const, stationIds: null }
  if ((await layouts.list(owner)).length > 0) return
  const cameras = listDemoCameras()
  const inScene = (scene: DemoCamera['scene']) => cameras.filter((camera) => camera.scene === scene)
  const stations = listDemoStations()

  const addLayout = (name: string, tiles: UsualTiles, of: readonly DemoCamera[]) =>
    layouts.add({ name, sharedWith, shape: wallShapes[tiles], cameraIds: spread(of, tiles) }, owner)
  await addLayout(
    '青岚所 16 路',
    16,
    cameras.filter(({ stationId }) => (stationId as string) === 'qinglan'),
  )
  await addLayout('重点小区门口 9 路', 9, inScene('residentialGate'))

  const common = { sharedWith, onOffline: 'hold' as const }
  await rotations.add({ name: '小巷卡口轮巡', ...common, dwellMs: 5_000, steps: { kind: 'cameras', cameraIds: spread(inScene('alley'), 20) } }, owner)
  const groups = stations.flatMap(({ stationId, shortName }) => {
    const cameraIds = spread(
      inScene('troubleSpot').filter((camera) => camera.stationId === stationId),
      GROUP_CAMERAS,
    )
    return cameraIds.length > 0 ? [{ name: shortName, cameraIds }] : []
  })
  await rotations.add({ name: '各所治安乱点分组轮巡', ...common, dwellMs: 15_000, steps: { kind: 'groups', groups } }, owner)
}

/** So many of them, evenly from the whole list. */
function spread(cameras: readonly DemoCamera[], count: number): CameraId[] {
  const step = Math.max(1, cameras.length / count)
  return Array.from({ length: Math.min(count, cameras.length) }, (_, i) => cameras[Math.floor(i * step)]!.cameraId)
}
