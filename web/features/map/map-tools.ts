/** Which tool is in the hand, and what comes of it. */
import { type Ref, ref, type ShallowRef, shallowRef } from 'vue'
import type { LonLat } from '../../../server/contract/ids.ts'
import { t } from '../../base/i18n.ts'
import { usePreference } from '../../base/preference.ts'
import type { MapShape, MapTool, Measure, SelectTool } from '../../engines/map/tools.ts'
import { useNotice } from '../playback/page-tools.ts'
import type { MapQuery } from './query.ts'
import { corridorM, fitsAddress, maxCorners } from './shape-query.ts'

export const selectTools = ['rectangle', 'circle', 'polygon', 'route'] as const satisfies readonly SelectTool[]
/** One of them stands open beside the tools. */
export type MapPanel = 'layers' | 'bookmarks'

export function useMapTools({ change, clearMeasure }: { change(changes: Partial<MapQuery>): void; clearMeasure(): void }): {
  tool: Ref<MapTool | null>
  panel: Ref<MapPanel | null>
  measure: ShallowRef<Measure | null>
  widthM: Ref<number>
  notice: Ref<string>
  pick(tool: MapTool | null): void
  /** Rectangle, circle, polygon, route in turn. */
  nextSelect(): void
  togglePanel(panel: MapPanel): void
  closePanel(): void
  setWidth(widthM: number): void
  /** False when there was nothing to put down. */
  stepBack(): boolean
  onShape(shape: MapShape): void
  onPoint(lonLat: LonLat): void
} {
  const tool = ref<MapTool | null>(null)
  const panel = ref<MapPanel | null>(null)
  const measure = shallowRef<Measure | null>(null)
  const { notice, say } = useNotice()
  const width = usePreference<number>(
    'corridorM',
    () => corridorM.usual,
    (value) => typeof value === 'number' && value >= corridorM.min && value <= corridorM.max,
  )

  function pick(next: MapTool | null): void {
    if (measure.value !== null && next !== tool.value) clearMeasure()
    measure.value = null
    tool.value = next === tool.value ? null : next
  }

  function onShape(shape: MapShape): void {
    tool.value = null
    if (fitsAddress(shape)) change({ shape, nearLonLat: null, droppedIds: [] })
    else if (shape.kind === 'polygon' || shape.kind === 'route') say(t('map.tool.tooManyCorners', { count: maxCorners }))
    else say(t('map.tool.badSize'))
  }

  return {
    tool,
    panel,
    measure,
    widthM: width.value,
    notice,
    pick,
    nextSelect: () => pick(selectTools[(selectTools.findIndex((each) => each === tool.value) + 1) % selectTools.length] ?? null),
    togglePanel: (next) => (panel.value = panel.value === next ? null : next),
    closePanel: () => (panel.value = null),
    setWidth: width.set,
    stepBack() {
      if (tool.value !== null) pick(tool.value)
      else if (panel.value !== null) panel.value = null
      else return false
      return true
    },
    onShape,
    onPoint(lonLat) {
      tool.value = null
      change({ nearLonLat: lonLat, shape: null, droppedIds: [] })
    },
  }
}
