/** Fills the database of a demo: made-up stations and cameras, and one account for each role. Never called for a production database. */
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { AppError } from '../base/errors.ts'
import type { Secrets } from '../base/secrets.ts'
import { CameraId, type StationId } from '../contract/ids.ts'
import type { Role } from '../contract/permissions.ts'
import type { Accounts } from '../features/accounts/index.ts'
import type { CameraDraft, Cameras } from '../features/cameras/index.ts'
import { type DemoCamera, listDemoCameras } from './cameras.ts'
import { listDemoStations } from './district.ts'
import { listDemoStreams } from './stream-plan.ts'

/** Where the simulator serves one camera, as its `ready` message says. */
export type SimulatedAddress = { cameraId: string; mainUrl: string; subUrl: string | null; username: string; password: string; hasSound: boolean }

export type DemoAccount = { role: Role; roleName: string; account: string; password: string }

const demoPeople: { account: string; role: Role; roleName: string; isOfTwoStations?: true }[] = [
  { account: 'duty', role: 'dutyOfficer', roleName: '值班民警' },
  { account: 'supervisor', role: 'supervisor', roleName: '指挥长' },
  { account: 'supervisor2', role: 'supervisor', roleName: '指挥长（审批下载）' },
  { account: 'ops', role: 'ops', roleName: '运维' },
  { account: 'assessor', role: 'assessor', roleName: '考核' },
  { account: 'sysadmin', role: 'systemAdmin', roleName: '系统管理员' },
  { account: 'secadmin', role: 'securityAdmin', roleName: '安全管理员' },
  { account: 'auditadmin', role: 'auditAdmin', roleName: '审计管理员' },
  { account: 'duty2', role: 'dutyOfficer', roleName: '值班民警（仅两个所）', isOfTwoStations: true },
]

/** Made from this installation's own random key: different everywhere, the same at every start, stored nowhere but in the file for people. */
export function demoPassword(secrets: Secrets, account: string): string {
  const groups = Buffer.from(secrets.mac(`demo-account:${account}`), 'hex')
    .subarray(0, 12)
    .toString('hex')
    .match(/.{8}/g)!
  return `Mw-${groups.join('-')}`
}

/** Makes the accounts that are missing and writes `demo-accounts.json` (0600). Answers all of them, for the screen. */
export async function seedAccounts({ accounts, secrets, dataFolder }: { accounts: Accounts; secrets: Secrets; dataFolder: string }): Promise<DemoAccount[]> {
  const all = demoPeople.map(({ role, roleName, account }) => ({ role, roleName, account, password: demoPassword(secrets, account) }))
  if (await accounts.needsSetup()) await Promise.all(demoPeople.map((person) => createDemoUser(accounts, person, demoPassword(secrets, person.account))))
  await writeFile(join(dataFolder, 'demo-accounts.json'), `${JSON.stringify(all, null, 2)}\n`, { mode: 0o600 })
  return all
}

async function createDemoUser(accounts: Accounts, { account, role, roleName, isOfTwoStations }: (typeof demoPeople)[number], password: string) {
  const stationIds: StationId[] | null = isOfTwoStations
    ? listDemoStations()
        .slice(0, 2)
        .map(({ stationId }) => stationId)
    : null
  await accounts.createUser({ account, displayName: `演示·${roleName}`, role, password, stationIds }).catch((problem: unknown) => {
    if (!(problem instanceof AppError) || problem.code !== 'conflict') throw problem
  })
}

/** Recorded by the demo: enough to try playback of several cameras at once, not so many that a laptop's disk fills. */
export const RECORDED_PER_STATION = 2

/** The cameras that a demo records: two of every station, H.264 without B-frames. */
export function listRecordedCameras(): CameraId[] {
  const isPlain = new Set(listDemoStreams().flatMap(({ cameraId, mainCodec, clip }) => (mainCodec === 'h264' && clip !== 'road-day' ? [cameraId] : [])))
  const playable = listDemoCameras().filter(({ cameraId }) => isPlain.has(cameraId))
  return listDemoStations()
    .flatMap(({ stationId }) => playable.filter((camera) => camera.stationId === stationId).slice(0, RECORDED_PER_STATION))
    .map(({ cameraId }) => CameraId.parse(cameraId))
}

/**
 * Puts stations and cameras in; the simulator's ports are new at each of its starts. What people have changed since the first one stays:
 * jurisdictions, and where cameras stand and look.
 */
export async function seedCameras(cameras: Cameras, simulated: readonly SimulatedAddress[]): Promise<void> {
  const addresses = new Map(simulated.map((address) => [address.cameraId, address]))
  const known = new Set((await cameras.listStations({ stationIds: null })).map(({ stationId }) => stationId))
  await cameras.putStations(listDemoStations().filter(({ stationId }) => !known.has(stationId)))
  const views = new Map((await cameras.listDrafts()).map((draft) => [draft.cameraId, viewOf(draft)]))
  await cameras.putCameras(
    listDemoCameras().flatMap((camera) => {
      const address = addresses.get(camera.cameraId)
      return address ? [{ ...toDraft(camera, address), ...views.get(camera.cameraId) }] : []
    }),
  )
}

const viewOf = ({ lonLat, original, headingDeg, fovDeg, reachM }: CameraDraft) => ({ lonLat, original, headingDeg, fovDeg, reachM })

const toDraft = (camera: DemoCamera, { mainUrl, subUrl, username, password, hasSound }: SimulatedAddress): CameraDraft => ({
  ...camera,
  original: { pair: camera.lonLat, crs: 'EPSG:4326' },
  hasSound,
  isSuspended: false,
  access: { driver: 'rtsp', mainUrl, subUrl, username, password, transport: 'auto' },
})
