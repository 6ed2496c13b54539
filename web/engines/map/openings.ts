/** What a click on a cluster does: come so near that it falls apart, or fan out the cameras of one pole. */
import type View from 'ol/View.js'
import { type ClusterItem, type MapPoint, separatingResolution } from './scene.ts'
import type { ViewMoves } from './view-moves.ts'

type Deps = {
  view: View
  moves: ViewMoves
  resolutions: readonly number[]
  isClusteredAt(resolution: number): boolean
  sizeScale(): number
  regroup(): void
}

export function createOpenings({ view, moves, resolutions, isClusteredAt, sizeScale, regroup }: Deps) {
  let openPole: string | null = null

  function open(cluster: ClusterItem): void {
    if (cluster.isOnePole) {
      openPole = cluster.members[0]!.pole
      return regroup()
    }
    const current = view.getResolution() ?? 1
    const finer = resolutions.filter((resolution) => resolution < current * 0.99)
    const target = separatingResolution(cluster.members, finer, isClusteredAt, sizeScale()) ?? finer.at(-1) ?? current
    const xs = cluster.members.map((member) => member.x)
    const ys = cluster.members.map((member) => member.y)
    moves.moveTo([(Math.min(...xs) + Math.max(...xs)) / 2, (Math.min(...ys) + Math.max(...ys)) / 2], target)
  }

  function close(): void {
    if (openPole === null) return
    openPole = null
    regroup()
  }

  return { open, close, isOpen: (at: MapPoint) => at.pole === openPole }
}
