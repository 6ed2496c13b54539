/** What stands on the map at the scale it is seen at. Membership is kept per scale while nobody moves; a change of state only counts anew. */
import { buildScene, groupPoints, type MapItem, type MapPoint, type Membership } from './scene.ts'

const KEPT_SCALES = 12

type Grouping = { points(): readonly MapPoint[]; sizeScale(): number; isClusteredAt(resolution: number): boolean; keepSingle(at: MapPoint): boolean }

export function createScenes(grouping: Grouping) {
  let memberships = new Map<number, Membership>()
  let items: readonly MapItem[] = []
  let builtFor = -1

  /** True when it had to be built. */
  function show(resolution: number): boolean {
    if (builtFor === resolution) return false
    builtFor = resolution
    let membership = memberships.get(resolution)
    if (!membership) {
      if (memberships.size >= KEPT_SCALES) memberships.clear()
      membership = groupPoints(grouping.points(), {
        resolution,
        sizeScale: grouping.sizeScale(),
        isClustered: grouping.isClusteredAt(resolution),
        keepSingle: grouping.keepSingle,
      })
      memberships.set(resolution, membership)
    }
    items = buildScene(membership)
    return true
  }

  return {
    show,
    items: () => items,
    forgetStates: () => void (builtFor = -1),
    forgetPlaces() {
      memberships = new Map()
      builtFor = -1
    },
  }
}
