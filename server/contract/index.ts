/** Every endpoint there is: the route registry, the authorisation matrix test and the API document are made from this. */
import { accountApi } from './accounts.ts'
import { cameraApi } from './cameras.ts'
import { exportApi } from './exports.ts'
import { mapApi } from './map.ts'
import { markApi } from './marks.ts'
import { mediaApi } from './media.ts'
import { recordingApi } from './recordings.ts'
import { stationApi } from './stations.ts'
import { statusApi } from './status.ts'
import { storageApi } from './storage.ts'
import { systemApi } from './system.ts'
import { takenApi } from './taken.ts'
import { wallApi } from './walls.ts'

export const api = {
  account: accountApi,
  camera: cameraApi,
  export: exportApi,
  map: mapApi,
  mark: markApi,
  media: mediaApi,
  recording: recordingApi,
  station: stationApi,
  status: statusApi,
  storage: storageApi,
  system: systemApi,
  taken: takenApi,
  wall: wallApi,
}
