import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { CameraPoint } from '../../../../server/contract/cameras.ts'
import { type CameraStatus, statusOrder } from '../../../../server/contract/status.ts'
import { clusterMinPoints, clusterPlaces } from '../../../../web/engines/map/cluster.ts'
import { countStatuses, discRadiusPx, minArcDeg, ringArcs, ringRadiusPx } from '../../../../web/engines/map/ring.ts'
import { buildScene, groupPoints, hitItem, type MapItem, type MapPoint, poleOf, separatingResolution } from '../../../../web/engines/map/scene.ts'

function at(i: number, x: number, y: number, status: CameraStatus): MapPoint {
  const point = { cameraId: `c${i}`, name: `camera ${i}`, state: { cameraId: `c${i}`, status } } as unknown as CameraPoint
  return { point, x, y, pole: `${Math.round(x)},${Math.round(y)}` }
}
const anyPoints = fc
  .array(fc.record({ x: fc.integer({ min: 0, max: 900 }), y: fc.integer({ min: 0, max: 600 }), status: fc.constantFrom(...statusOrder) }), { maxLength: 120 })
  .map((places) => places.map(({ x, y, status }, i) => at(i, x, y, status)))

const scene = (points: readonly MapPoint[], resolution = 1) =>
  buildScene(groupPoints(points, { resolution, sizeScale: 1, isClustered: true, keepSingle: () => false }))
const membersOf = (item: MapItem) => (item.kind === 'point' ? [item.at] : item.members)

describe('R-MAP-3 clusters', () => {
  test('never hide a red: every offline camera is drawn itself or counted in its cluster', () => {
    fc.assert(
      fc.property(anyPoints, (points) => {
        const items = scene(points)
        for (const point of points.filter((candidate) => candidate.point.state.status === 'offline')) {
          const item = items.find((candidate) => membersOf(candidate).includes(point))!
          if (item.kind === 'cluster') {
            expect(item.counts.offline).toBeGreaterThan(0)
            expect(ringArcs(item.counts).find((arc) => arc.status === 'offline')!.sweepDeg).toBeGreaterThanOrEqual(minArcDeg - 1e-9)
          }
          // nothing without a red lies above it
          const above = items.slice(items.indexOf(item) + 1)
          expect(above.every((other) => membersOf(other).some((member) => member.point.state.status === 'offline'))).toBe(true)
        }
      }),
    )
  })

  test('hold every camera exactly once, and at least four', () => {
    fc.assert(
      fc.property(anyPoints, (points) => {
        const items = scene(points)
        expect(
          items
            .flatMap(membersOf)
            .map((member) => member.point.cameraId)
            .sort(),
        ).toEqual(points.map((point) => point.point.cameraId).sort())
        for (const item of items) if (item.kind === 'cluster') expect(item.members.length).toBeGreaterThanOrEqual(clusterMinPoints)
      }),
    )
  })

  test('do not lie on each other', () => {
    fc.assert(
      fc.property(anyPoints, (points) => {
        const { groups } = clusterPlaces(points, 42, discRadiusPx)
        groups.forEach((a, i) =>
          groups
            .slice(i + 1)
            .forEach((b) => expect(Math.hypot(a.x - b.x, a.y - b.y)).toBeGreaterThanOrEqual(discRadiusPx(a.members.length) + discRadiusPx(b.members.length))),
        )
      }),
    )
  })

  test('do not change when a state changes', () => {
    fc.assert(
      fc.property(anyPoints, (points) => {
        const ids = (items: MapItem[]) =>
          items
            .map((item) =>
              membersOf(item)
                .map((member) => member.point.cameraId)
                .sort()
                .join(),
            )
            .sort()
        expect(ids(scene(points.map((point, i) => at(i, point.x, point.y, 'offline'))))).toEqual(ids(scene(points)))
      }),
    )
  })

  test('three close points stay single, a fourth makes a ring', () => {
    const three = [at(0, 0, 0, 'online'), at(1, 20, 0, 'online'), at(2, 0, 20, 'online')]
    expect(scene(three).every((item) => item.kind === 'point')).toBe(true)
    expect(scene([...three, at(3, 20, 20, 'offline')]).map((item) => item.kind)).toEqual(['cluster'])
  })

  test('leave out the selected camera', () => {
    const points = [0, 1, 2, 3, 4].map((i) => at(i, i * 5, 0, 'online'))
    const items = buildScene(groupPoints(points, { resolution: 1, sizeScale: 1, isClustered: true, keepSingle: (point) => point.point.cameraId === 'c2' }))
    expect(
      items.map((item) => (item.kind === 'point' ? item.at.point.cameraId : item.members.length)).toSorted((a, b) => String(a).localeCompare(String(b))),
    ).toEqual([4, 'c2'])
  })

  test('come apart at the scale that is asked for', () => {
    const points = [at(0, 0, 0, 'online'), at(1, 24, 0, 'online'), at(2, 0, 24, 'online'), at(3, 24, 24, 'online')]
    const finer = [0.8, 0.5, 0.25]
    const resolution = separatingResolution(points, finer, () => true, 1)!
    expect(scene(points, resolution)).toHaveLength(4)
    expect(scene(points, 1)).toHaveLength(1)
  })
})

describe('R-MAP-3 cameras on one pole', () => {
  test('stand around it, each on a place of its own', () => {
    const items = scene([at(0, 100, 100, 'online'), at(1, 100, 100, 'offline'), at(2, 100, 100, 'online')])
    const places = items.map((item) => (item.kind === 'point' ? item.offsetPx : [0, 0]))
    places.forEach((a, i) => places.slice(i + 1).forEach((b) => expect(Math.hypot(a[0]! - b[0]!, a[1]! - b[1]!)).toBeGreaterThan(14)))
  })

  test('say so when a cluster is nothing else', () => {
    const [cluster] = scene([0, 1, 2, 3, 4].map((i) => at(i, 100, 100, 'online')))
    expect(cluster).toMatchObject({ kind: 'cluster', isOnePole: true })
  })

  test('are known by a place to about a metre', () => {
    expect(poleOf([111.660001, 40.75])).toBe(poleOf([111.66, 40.750002]))
    expect(poleOf([111.66003, 40.75])).not.toBe(poleOf([111.66, 40.75]))
  })
})

describe('ring of states', () => {
  test('goes once around, worst state first from 12 o’clock, and shows each state present', () => {
    fc.assert(
      fc.property(fc.array(fc.constantFrom(...statusOrder), { minLength: 1, maxLength: 500 }), (statuses) => {
        const counts = countStatuses(statuses)
        const arcs = ringArcs(counts)
        expect(arcs.map((arc) => arc.status)).toEqual(statusOrder.filter((status) => counts[status] > 0))
        expect(arcs.reduce((sum, arc) => sum + arc.sweepDeg, 0)).toBeCloseTo(360, 6)
        for (const arc of arcs) expect(arc.sweepDeg).toBeGreaterThanOrEqual(minArcDeg - 1e-9)
        expect(arcs[0]!.fromDeg).toBe(0)
      }),
    )
  })

  test('gives one red in forty 26 degrees', () => {
    const [red, green] = ringArcs(countStatuses(['offline', ...Array.from({ length: 39 }, () => 'online' as const)]))
    expect(red).toEqual({ status: 'offline', fromDeg: 0, sweepDeg: 26 })
    expect(green!.sweepDeg).toBe(334)
  })

  test.each([
    [4, 13],
    [6, 13],
    [7, 15.5],
    [11, 15.5],
    [12, 19],
    [24, 19],
    [25, 23],
    [468, 23],
  ])('of %i cameras is %d px', (count, radiusPx) => {
    expect(ringRadiusPx(count)).toBe(radiusPx)
  })
})

describe('what is under the pointer', () => {
  const toPx = (x: number, y: number) => [x, y] as const

  test('is the nearest point, the red one where they lie on each other', () => {
    const items = scene([at(0, 100, 100, 'online'), at(1, 112, 100, 'offline')])
    expect(hitItem(items, [99, 100], toPx, 1)).toMatchObject({ at: { point: { cameraId: 'c0' } } })
    expect(hitItem(items, [112, 101], toPx, 1)).toMatchObject({ at: { point: { cameraId: 'c1' } } })
    expect(hitItem(items, [160, 100], toPx, 1)).toBeUndefined()
  })

  test('is the cluster inside its disc', () => {
    const items = scene([0, 1, 2, 3].map((i) => at(i, 100 + i, 100, 'online')))
    expect(hitItem(items, [105, 105], toPx, 1)).toMatchObject({ kind: 'cluster' })
  })
})
