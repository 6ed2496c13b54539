/** What of the map is to be seen: the part no panel covers, and the cameras in it. */
import type OlMap from 'ol/Map.js'
import type View from 'ol/View.js'
import type { CameraId, LonLat } from '../../../server/contract/ids.ts'
import { unproject } from './crs.ts'
import type { ToPx } from './frame.ts'
import { zoomOf } from './scale.ts'
import type { MapPoint } from './scene.ts'

export type MapView = { lonLat: LonLat; zoom: number; visibleIds: CameraId[] }

/** undefined before the first frame. */
export function visibleView(map: OlMap, view: View, points: readonly MapPoint[], toPx: ToPx): MapView | undefined {
  const size = map.getSize()
  const center = view.getCenter()
  const resolution = view.getResolution()
  if (!size || !center || !resolution || !map.isRendered()) return undefined
  const [top, right, bottom, left] = view.padding ?? [0, 0, 0, 0]
  const visibleIds = points
    .filter((at) => {
      const [x, y] = toPx(at.x, at.y)
      return x >= left! && y >= top! && x <= size[0]! - right! && y <= size[1]! - bottom!
    })
    .map((at) => at.point.cameraId)
  return { lonLat: unproject(center, view.getProjection()), zoom: zoomOf(resolution, view.getProjection()), visibleIds }
}
