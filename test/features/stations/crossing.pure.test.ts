import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { findCrossing as sweep } from '../../../server/features/stations/crossing.ts'

type Pair = [number, number]
const findCrossing = (polygon: Pair[][]) => sweep(polygon, async () => undefined)
const closed = (...pairs: Pair[]): Pair[] => [...pairs, pairs[0]!]

/** Any two segments against each other: slow, and plainly right for points that do not lie on a line. */
function crossesSomewhere(ring: Pair[]): boolean {
  const side = (a: Pair, b: Pair, p: Pair) => Math.sign((b[0] - a[0]) * (p[1] - a[1]) - (b[1] - a[1]) * (p[0] - a[0]))
  for (let i = 1; i < ring.length; i++) {
    for (let k = i + 1; k < ring.length; k++) {
      const [a, b, c, d] = [ring[i - 1]!, ring[i]!, ring[k - 1]!, ring[k]!]
      if (side(a, b, c) * side(a, b, d) < 0 && side(c, d, a) * side(c, d, b) < 0) return true
    }
  }
  return false
}

describe('R-MAP-6 a border that crosses itself', () => {
  test.each<{ name: string; polygon: Pair[][]; crosses: boolean }>([
    { name: 'a square', polygon: [closed([0, 0], [1, 0], [1, 1], [0, 1])], crosses: false },
    { name: 'a square the other way round', polygon: [closed([0, 0], [0, 1], [1, 1], [1, 0])], crosses: false },
    { name: 'a bow tie', polygon: [closed([0, 0], [1, 1], [1, 0], [0, 1])], crosses: true },
    { name: 'two parts that touch in a vertex of both', polygon: [closed([0, 0], [2, 0], [1, 1], [2, 2], [0, 2], [1, 1])], crosses: false },
    { name: 'a vertex on another side', polygon: [closed([0, 0], [4, 0], [4, 4], [2, 0], [0, 4])], crosses: true },
    { name: 'a spike there and back', polygon: [closed([0, 0], [2, 0], [2, 2], [3, 3], [2, 2], [0, 2])], crosses: true },
    { name: 'a side over a part of itself', polygon: [closed([0, 0], [3, 0], [1, 0], [1, 2])], crosses: true },
    { name: 'a hole', polygon: [closed([0, 0], [9, 0], [9, 9], [0, 9]), closed([2, 2], [4, 2], [4, 4], [2, 4])], crosses: false },
    { name: 'a hole across the border', polygon: [closed([0, 0], [9, 0], [9, 9], [0, 9]), closed([8, 2], [10, 2], [10, 4], [8, 4])], crosses: true },
    { name: 'steps of upright and level sides', polygon: [closed([0, 0], [3, 0], [3, 1], [2, 1], [2, 2], [1, 2], [1, 3], [0, 3])], crosses: false },
  ])('$name: $crosses', async ({ polygon, crosses }) => expect((await findCrossing(polygon)) !== undefined).toBe(crosses))

  test('says where and of which sides', async () => {
    expect(await findCrossing([closed([0, 0], [2, 2], [2, 0], [0, 2])])).toEqual({
      ringA: 0,
      vertexA: expect.any(Number),
      ringB: 0,
      vertexB: expect.any(Number),
      at: [1, 1],
    })
  })

  test('is found wherever comparing every two sides finds one', () => {
    // whole numbers: the comparison is exact as well, and no product falls below what a double can hold
    const coordinate = fc.integer({ min: 0, max: 1_000_000 })
    const ring = fc.array(fc.tuple(coordinate, coordinate), { minLength: 3, maxLength: 12 }).map((pairs) => closed(...pairs))
    const distinct = ring.filter((pairs) => new Set(pairs.map(String)).size === pairs.length - 1)
    return fc.assert(
      // a touch is a crossing for the sweep and none for the comparison: only one way must always hold
      fc.asyncProperty(distinct, async (pairs) => {
        if (crossesSomewhere(pairs)) expect(await findCrossing([pairs])).toBeDefined()
      }),
      { numRuns: 2_000 },
    )
  })

  test('is never found in a star: vertices in the order of their angles around a middle', () => {
    const vertex = fc.record({ jitter: fc.double({ min: 0.05, max: 0.95, noNaN: true }), radius: fc.double({ min: 0.01, max: 1, noNaN: true }) })
    return fc.assert(
      fc.asyncProperty(fc.array(vertex, { minLength: 6, maxLength: 60 }), async (vertices) => {
        const angleOf = (jitter: number, i: number) => ((i + jitter) / vertices.length) * 2 * Math.PI
        const pairs = vertices.map(({ jitter, radius }, i): Pair => [111 + radius * Math.cos(angleOf(jitter, i)), 40 + radius * Math.sin(angleOf(jitter, i))])
        expect(await findCrossing([closed(...pairs)])).toBeUndefined()
      }),
      { numRuns: 1_000 },
    )
  })

  test.each([
    { name: 'a circle', at: (t: number): Pair => [111 + 0.05 * Math.cos(t * 2 * Math.PI), 40 + 0.05 * Math.sin(t * 2 * Math.PI)] },
    // every side as long as the whole: comparing boxes would compare every two
    { name: 'a comb of slanted teeth', at: (t: number, i: number): Pair => [111 + t + (i % 2) * 0.3, 40 + (i % 2) * 0.3 + t * 1e-7] },
  ])('20,000 vertices of $name take well under a second, and others have their turn', async ({ at }) => {
    const count = 19_998
    const pairs = Array.from({ length: count }, (_, i) => at(i / count, i))
    const end: Pair[] =
      pairs[0]![0] < pairs.at(-1)![0] - 0.5
        ? [
            [113, 39],
            [111, 39],
          ]
        : []
    const startedMs = performance.now()
    let longestMs = 0
    let turnMs = startedMs
    const crossing = await sweep([closed(...pairs, ...end)], async () => {
      longestMs = Math.max(longestMs, performance.now() - turnMs)
      await new Promise((resolve) => setImmediate(resolve))
      turnMs = performance.now()
    })
    const tookMs = performance.now() - startedMs
    console.log(`20,000 vertices: ${Math.round(tookMs)} ms, ${Math.round(longestMs)} ms at a time`)
    expect(crossing).toBeUndefined()
    expect(tookMs).toBeLessThan(5_000)
    expect(longestMs).toBeLessThan(1_000)
  })
})
