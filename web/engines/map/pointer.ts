/** What a hand does on the map: point, click, open a cluster or a pole. */
import { unByKey } from 'ol/Observable.js'
import type OlMap from 'ol/Map.js'
import type { StationId } from '../../../server/contract/ids.ts'
import { hitItem, type ClusterItem, type MapItem, type PointItem } from './scene.ts'
import type { StationLabel } from './station-labels.ts'

type Pixel = readonly [number, number]
export type PointerTarget = {
  items(): readonly MapItem[]
  stations(): readonly StationLabel[]
  toPx(x: number, y: number): Pixel
  sizeScale(): number
  /** A tool has the hand: nothing is hovered or chosen. */
  isBusy(): boolean
  onCluster(cluster: ClusterItem): void
  onPoint(point: PointItem): void
  onStation(stationId: StationId): void
  onGround(): void
  onHover(point: PointItem | null, stationId: StationId | null): void
  /** A point is being dragged off the map: what the map takes for a click is none. */
  isDragged(): boolean
}

export function createPointer(map: OlMap, element: HTMLElement, target: PointerTarget) {
  const itemUnder = (pixel: readonly number[]) => hitItem(target.items(), [pixel[0]!, pixel[1]!], target.toPx, target.sizeScale())

  function stationUnder(pixel: readonly number[]): StationId | null {
    const hit = target.stations().find(({ x, y, sprite, offsetPx }) => {
      if (!offsetPx) return false
      const [px, py] = target.toPx(x, y)
      return Math.abs(pixel[0]! - px - offsetPx[0]) < sprite.anchorX && Math.abs(pixel[1]! - py - offsetPx[1]) < sprite.anchorY
    })
    return hit?.stationId ?? null
  }

  const keys = [
    map.on('click', ({ pixel }) => {
      if (target.isBusy() || target.isDragged()) return
      const item = itemUnder(pixel)
      if (item?.kind === 'cluster') return target.onCluster(item)
      if (item?.kind === 'point') return target.onPoint(item)
      const stationId = stationUnder(pixel)
      if (stationId !== null) target.onStation(stationId)
      else target.onGround()
    }),
    map.on('pointermove', ({ pixel, dragging }) => {
      if (dragging) return
      if (target.isBusy()) return target.onHover(null, null)
      const item = itemUnder(pixel)
      const stationId = item ? null : stationUnder(pixel)
      element.style.cursor = item || stationId !== null ? 'pointer' : ''
      target.onHover(item?.kind === 'point' ? item : null, stationId)
    }),
  ]
  const onLeave = () => target.onHover(null, null)
  element.addEventListener('pointerleave', onLeave)

  return {
    close(): void {
      unByKey(keys)
      element.removeEventListener('pointerleave', onLeave)
    },
  }
}
