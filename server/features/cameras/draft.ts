/** A camera as it is put in (by an import, by the demo): everything but what the server works out itself. */
import { pinyin } from 'pinyin-pro'
import type { Dossier, Link, Scene } from '../../contract/cameras.ts'
import type { CameraId, Instant, LonLat, StationId } from '../../contract/ids.ts'
import type { Crs } from '../../contract/map.ts'
import type { CameraAccess } from '../../media/plane.ts'
import type { StreamAddress } from '../../drivers/driver.ts'

/** How a camera is reached. Sealed in the database as a whole: some cameras want the password in the URL. */
export type Access = {
  driver: Dossier['driver']
  mainUrl: string
  subUrl: string | null
  username: string
  password: string
  transport: StreamAddress['transport']
}

export type CameraDraft = {
  cameraId: CameraId
  name: string
  label: string
  address: string
  stationId: StationId
  /** WGS-84. */
  lonLat: LonLat
  /** The pair as it was given, and its reference system. */
  original: { pair: LonLat; crs: Crs }
  headingDeg: number
  fovDeg: number
  reachM: number
  scene: Scene
  link: Link
  hasSound: boolean
  hasPtz: boolean
  vendor: string
  model: string
  mountHeightM: number | null
  switchName: string | null
  installedAt: Instant | null
  lastUpkeepAt: Instant | null
  isSuspended: boolean
  access: Access
}

/** First letters of a Chinese name, other characters as they are: 澄桥路口-03 → cqlk-03. */
export const initialsOf = (name: string): string =>
  pinyin(name, { pattern: 'first', toneType: 'none', type: 'array', nonZh: 'consecutive' }).join('').toLowerCase()

/** What media is told of a camera. */
export function toCameraAccess(cameraId: CameraId, { driver, mainUrl, subUrl, username, password, transport }: Access): CameraAccess {
  const at = (url: string): StreamAddress => ({ driver, url, username, password, transport })
  return { cameraId, main: at(mainUrl), sub: subUrl === null ? undefined : at(subUrl) }
}

/** Scheme, host and port; that there is a login, but not which; no path and no query, where cameras carry passwords too. */
export function maskedUrl({ mainUrl, username }: Access): string {
  const [, scheme = 'rtsp', host = ''] = /^([a-z]+):\/\/(?:[^/?#]*@)?([^/?#]*)/i.exec(mainUrl) ?? []
  return `${scheme}://${username === '' ? '' : '***@'}${host}`
}
