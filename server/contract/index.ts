/** Every endpoint there is: the route registry, the authorisation matrix test and the API document are made from this. */
import { accountApi } from './accounts.ts'
import { cameraApi } from './cameras.ts'
import { mapApi } from './map.ts'
import { mediaApi } from './media.ts'
import { recordingApi } from './recordings.ts'
import { statusApi } from './status.ts'
import { systemApi } from './system.ts'

export const api = { account: accountApi, camera: cameraApi, map: mapApi, media: mediaApi, recording: recordingApi, status: statusApi, system: systemApi }
