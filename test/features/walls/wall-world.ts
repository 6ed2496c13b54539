/** Walls on a real database with two stations, and the people who use them. */
import { silentLog } from '../../../server/base/log.ts'
import type { User } from '../../../server/base/routes.ts'
import { CameraId, type StationId, type UserId } from '../../../server/contract/ids.ts'
import { type Role, rolePermissions } from '../../../server/contract/permissions.ts'
import { type SaveLayout, type SaveRotation, wallShapes } from '../../../server/contract/walls.ts'
import { createWalls, createWallStore } from '../../../server/features/walls/index.ts'
import { openTestDatabase } from '../../support/database.ts'
import { createFakeClock } from '../../support/fake-clock.ts'

/** `n1` to `n3` stand in the north, `s1` to `s3` in the south. */
export const camera = (id: string) => CameraId.parse(id)
export const cameraIds = ['n1', 'n2', 'n3', 's1', 's2', 's3'].map(camera)
export const stationOf = (cameraId: CameraId) => (cameraId.startsWith('n') ? 'north' : 'south') as StationId
export const mayTouch = (user: Pick<User, 'stationIds'>, cameraId: CameraId) =>
  cameraIds.includes(cameraId) && (user.stationIds === null || user.stationIds.includes(stationOf(cameraId)))

export const userOf = (account: string, role: Role, stationIds: readonly string[] | null = null): User => ({
  userId: account as UserId,
  account,
  displayName: account,
  role,
  permissions: rolePermissions[role],
  stationIds: stationIds as StationId[] | null,
})
export const owner = userOf('owner', 'dutyOfficer')
/** The same account when it has only the north. */
export const ownerOfNorth = userOf('owner', 'dutyOfficer', ['north'])
export const colleague = userOf('colleague', 'dutyOfficer', ['north'])
export const supervisor = userOf('chief', 'supervisor')
const people = [owner, colleague, supervisor]

export const layoutOf = (change: Partial<SaveLayout> = {}): SaveLayout => ({
  name: '北区 4 路',
  sharedWith: [],
  shape: wallShapes[4],
  cameraIds: [camera('n1'), camera('s1'), null, camera('n2')],
  ...change,
})
export const rotationOf = (change: Partial<SaveRotation> = {}): SaveRotation => ({
  name: '小巷轮巡',
  sharedWith: [],
  steps: { kind: 'cameras', cameraIds: [camera('n1'), camera('s1'), camera('n2')] },
  dwellMs: 5_000,
  onOffline: 'hold',
  ...change,
})
export const codeOf = (promise: Promise<unknown>) =>
  promise.then(
    () => 'done',
    (problem: { code: string }) => problem.code,
  )

export type WallWorld = Awaited<ReturnType<typeof openWallWorld>>

/** `reset` before each test: empty tables, a new clock that may be trusted. `open` makes walls as a start of the platform would. */
export async function openWallWorld() {
  const database = await openTestDatabase()
  const world = {
    database: database.database,
    clock: createFakeClock(),
    mayExpire: true,
    /** Who was told of each change, of the people above. */
    told: [] as string[][],
    async reset() {
      const db = database.database.as<Record<string, object>>()
      for (const table of ['wall_layouts', 'wall_rotations', 'wall_patrols', 'wall_patrol_runs']) await db.deleteFrom(table).execute()
      world.clock = createFakeClock()
      world.mayExpire = true
      world.told = []
    },
    open: () =>
      createWalls({
        store: createWallStore(database.database),
        clock: world.clock,
        clockGuard: { mayExpire: () => world.mayExpire },
        log: silentLog,
        mayTouch,
        nameOf: (cameraId) => `点位 ${cameraId}`,
        tellChanged: (mayHear) => void world.told.push(people.filter(mayHear).map(({ account }) => account)),
        listCameraIds: (user) => cameraIds.filter((cameraId) => mayTouch(user, cameraId)),
      }),
    close: database.close,
  }
  return world
}
