/** A page with tiles in every state, or the dock: looked at in screenshots and by the browser tests. `?page=tiles|dock&theme=dark&locale=zh`. */
import { h, ref } from 'vue'
import type { Station } from '../../../../server/contract/stations.ts'
import type { CameraStatus, FailureCause } from '../../../../server/contract/status.ts'
import { playerBudget } from '../../../../web/engines/player/index.ts'
import { useCameraStore } from '../../../../web/features/cameras/store.ts'
import CameraDock from '../../../../web/features/live/CameraDock.vue'
import LiveTile from '../../../../web/features/live/LiveTile.vue'
import { createHarnessApp, makeCamera, readWish, stationId } from './page.ts'

const { wish } = readWish()

function camera(id: string, name: string, status: CameraStatus = 'online', cause: FailureCause | null = null, detail: string | null = null) {
  const place = id.length
  return makeCamera(id, name, {
    address: '澄桥路与柳汀街交口东北角，立杆 C-118（演示）',
    lonLat: [111.66 + place * 0.0004, 40.75 + (place % 3) * 0.0003],
    hasSound: true,
    state: { status, cause, detail },
  })
}

const cameras = [
  camera('opening', '澄桥路-07'),
  camera('live', '澄桥路口-03'),
  camera('slow', '中和街市场-01'),
  camera('stalled', '北亭桥东'),
  camera('offline', '石渡街-07', 'offline', 'unreachable', 'ETIMEDOUT'),
  camera('password', '柳溪里小巷-04', 'offline', 'refused_login', 'RTSP 401'),
  camera('codec', '东霁商城北门'),
  camera('noright', '望川路 12 号'),
  camera('limit', '临河商城西门'),
  camera('nostill', '云澜苑东门', 'unknown', 'not_probed_yet'),
  camera('degraded', '望桥小区北门', 'degraded', 'packet_loss'),
  camera('suspended', '南屿家园西门', 'suspended'),
]

createHarnessApp(cameras, ['camera.see', 'camera.live', 'camera.playback', 'status.history'], () => {
  const station: Station = { stationId, name: '青岚派出所', shortName: '青岚所', jurisdiction: null, labelLonLat: [111.66, 40.75] }
  useCameraStore().stations = new Map([[stationId, station]])
  const chosen = ref(wish.get('camera') ?? 'live')
  const profile = ref<'main' | 'sub'>('sub')
  if (wish.get('page') === 'dock') {
    return () =>
      h(
        'div',
        { style: 'position:fixed;inset:0 0 0 auto;max-width:100%' },
        h(CameraDock, {
          camera: cameras.find((each) => each.cameraId === chosen.value) ?? cameras[0]!,
          onSelect: (cameraId) => (chosen.value = cameraId),
          onClose: () => (chosen.value = 'live'),
        }),
      )
  }
  if (wish.get('page') === 'limit') playerBudget.setLimit((open) => open.length < 1)
  return () =>
    h(
      'div',
      { style: 'display:grid;grid-template-columns:repeat(auto-fill,minmax(300px,1fr));gap:4px;padding:12px' },
      cameras.map((each, index) =>
        h(LiveTile, {
          key: each.cameraId,
          camera: each,
          number: index + 1,
          profile: index === 1 ? 'main' : profile.value,
          isFocused: index === 1,
          'data-camera': each.cameraId,
        }),
      ),
    )
}).mount('#app')
