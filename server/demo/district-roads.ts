/** Streets, water and green of the made-up district. Every name is invented. */
import { between, cellAt, density, GRID_HEIGHT, GRID_WIDTH, gridLine, isInside, roundCorners, toMetres, type Uv } from './district-grid.ts'
import { createRandom } from './seeded.ts'

export type RoadClass = 'express' | 'arterial' | 'secondary' | 'lane'
/** `axis`: which way it runs; `curve` for the ring road and the radials. */
export type DemoRoad = { name: string; roadClass: RoadClass; axis: 'eastWest' | 'northSouth' | 'curve'; line: readonly Uv[] }

const eastWestNames = ['霜林路', '北亭路', '望川路', '晴波大道', '青岚路', '澄桥路', '石渡街', '云澜路', '南屿路', '南陂路']
const northSouthNames = [
  '西堤路',
  '柳溪路',
  '竹墟路',
  '柳汀街',
  '银桦街',
  '杏园街',
  '中和街',
  '松陂街',
  '学府路',
  '书院街',
  '锦帆路',
  '东霁大街',
  '望屿路',
  '东堤路',
  '晓渡路',
]
const eastWestHalfNames = ['霜叶路', '云杉路', '听雨路', '稻香路', '临澜路', '清涟路', '桐荫路', '渔歌路', '南塘路']
const northSouthHalfNames = [
  '蒲苇路',
  '芦汀路',
  '白榆街',
  '丁香街',
  '海棠街',
  '紫藤街',
  '玉兰街',
  '石榴街',
  '文澜街',
  '砚池街',
  '风荷路',
  '枫桥街',
  '观屿路',
  '沙渚路',
]
const digits = ['', '一', '二', '三', '四', '五', '六', '七', '八', '九']

/** 1 to 99 in Chinese: 十二, 三十四. */
function chineseNumber(n: number): string {
  const tens = Math.floor(n / 10)
  return `${tens > 1 ? digits[tens] : ''}${tens > 0 ? '十' : ''}${digits[n % 10]}`
}

/** The name without 路, 街 or 大道, for what is called after the road: 青岚路 → 青岚. */
export function nameStem(roadName: string): string {
  return roadName.replace(/(大道|大街|路|街)$/, '')
}

export function eastWestName(row: number): string {
  return eastWestNames[Math.min(Math.max(row, 0), eastWestNames.length - 1)]!
}

export function northSouthName(column: number): string {
  return northSouthNames[Math.min(Math.max(column, 0), northSouthNames.length - 1)]!
}

function curve(pieces: number, at: (i: number) => Uv): Uv[] {
  return Array.from({ length: pieces + 1 }, (_, i) => at(i))
}

export const demoWater = {
  river: {
    name: '霁川河',
    widthM: 300,
    line: curve(119, (i) => [-1 + i * 0.135, 5.25 + 0.95 * Math.sin((-1 + i * 0.135) * 0.52 + 0.9) + 0.25 * Math.sin((-1 + i * 0.135) * 1.3)]),
  },
  lake: {
    name: '澄心湖',
    ring: roundCorners(
      [
        [8.2, 5.2],
        [9.1, 5.05],
        [9.8, 5.5],
        [9.6, 6.1],
        [8.9, 6],
        [8.3, 5.8],
      ],
      3,
    ),
  },
}

const riverM = demoWater.river.line.map(toMetres)
const SHORE_M = 14
const RIVER_REACH_M = demoWater.river.widthM / 2 + SHORE_M

/** In the box around a piece of the river: cheaper than the distance, and mostly no. */
const isNear = (x: number, y: number, [x1, y1]: readonly [number, number], [x2, y2]: readonly [number, number]) =>
  x > Math.min(x1, x2) - RIVER_REACH_M && x < Math.max(x1, x2) + RIVER_REACH_M && y > Math.min(y1, y2) - RIVER_REACH_M && y < Math.max(y1, y2) + RIVER_REACH_M

/** In the river or the lake, or on their very edge. */
export function isInWater(uv: Uv): boolean {
  const [x, y] = toMetres(uv)
  return (
    isInside(uv, demoWater.lake.ring) ||
    riverM.some((end, i) => i > 0 && isNear(x, y, riverM[i - 1]!, end) && distanceToPiece(x, y, riverM[i - 1]!, end) < RIVER_REACH_M)
  )
}

function distanceToPiece(x: number, y: number, [x1, y1]: readonly [number, number], [x2, y2]: readonly [number, number]): number {
  const length2 = (x2 - x1) ** 2 + (y2 - y1) ** 2
  const share = Math.min(1, Math.max(0, ((x - x1) * (x2 - x1) + (y - y1) * (y2 - y1)) / length2))
  return Math.hypot(x - x1 - share * (x2 - x1), y - y1 - share * (y2 - y1))
}

/** Lanes have no bridges: the longest stretch on land is what there is of them. */
function longestOnLand(line: readonly Uv[]): Uv[] {
  let best: Uv[] = []
  let stretch: Uv[] = []
  for (const uv of line) {
    if (isInWater(uv)) stretch = []
    else stretch.push(uv)
    if (stretch.length > best.length) best = stretch
  }
  return best
}

type Network = { roads: DemoRoad[]; blocks: Uv[][] }

/** How often streets cut a cell: closer in the middle of the town. */
function divisions(built: number, isInDistrict: boolean): [across: number, down: number] {
  return [built > 0.55 ? 4 : built > 0.3 || isInDistrict ? 3 : 2, built > 0.5 ? 4 : built > 0.2 ? 3 : 2]
}

function buildNetwork(): Network {
  const random = createRandom(11)
  const roads: DemoRoad[] = []
  const blocks: Uv[][] = []
  const laneCount = new Map<string, number>()
  const laneName = (stem: string, kind: string) => {
    const n = (laneCount.get(stem + kind) ?? 0) + 1
    laneCount.set(stem + kind, n)
    return `${stem}${chineseNumber(n)}${kind}`
  }
  for (let row = -1; row <= GRID_HEIGHT; row++) {
    for (let column = -1; column <= GRID_WIDTH; column++) {
      const isInDistrict = cellAt(column, row) !== undefined
      const built = density([column + 0.5, row + 0.5])
      const [across, down] = divisions(built, isInDistrict)
      for (let i = 1; i < across; i++) {
        const slant = (random() - 0.5) * 0.06
        const isSecondary = i * 2 === across
        const from = random() < 0.24 && !isSecondary ? Math.ceil(random() * down) / down : 0
        const to = random() < 0.22 && !isSecondary ? 1 - 1 / down : 1
        if (to <= from) continue
        const name = !isInDistrict ? '' : isSecondary ? northSouthHalfNames[column]! : laneName(nameStem(eastWestName(row)), '里')
        roads.push({
          name,
          roadClass: isSecondary ? 'secondary' : 'lane',
          axis: 'northSouth',
          line: gridLine([column + i / across + slant, row + from], [column + i / across, row + to], isSecondary ? 4 : 16),
        })
      }
      for (let j = 1; j < down; j++) {
        const slant = (random() - 0.5) * 0.05
        const isSecondary = j * 2 === down
        const from = random() < 0.24 && !isSecondary ? Math.ceil(random() * across) / across : 0
        if (from >= 1) continue
        const name = !isInDistrict ? '' : isSecondary ? eastWestHalfNames[row]! : laneName(nameStem(northSouthName(column)), '巷')
        roads.push({
          name,
          roadClass: isSecondary ? 'secondary' : 'lane',
          axis: 'eastWest',
          line: gridLine([column + from, row + j / down + slant], [column + 1, row + j / down], isSecondary ? 4 : 16),
        })
      }
      if (built > 0.12 && isInDistrict) blocks.push(...buildBlocks(random, column, row, across, down))
    }
  }
  return {
    roads: roads.map((road) => (road.roadClass === 'lane' ? { ...road, line: longestOnLand(road.line) } : road)).filter((road) => road.line.length > 1),
    blocks: blocks.filter((block) => !isInWater(block[0]!) && !isInWater(block[2]!)),
  }
}

function buildBlocks(random: () => number, column: number, row: number, across: number, down: number): Uv[][] {
  return Array.from({ length: across * down * 7 }, (_, n) => {
    const i = Math.floor(n / 7) % across
    const j = Math.floor(n / 7 / across)
    const width = (0.14 + random() * 0.3) / across
    const height = (0.14 + random() * 0.3) / down
    const u = column + (i + 0.1 + random() * (0.82 - width * across)) / across
    const v = row + (j + 0.1 + random() * (0.82 - height * down)) / down
    return [
      [u, v],
      [u + width, v],
      [u + width, v + height],
      [u, v + height],
    ] as Uv[]
  })
}

const network = buildNetwork()

export const demoRoads: readonly DemoRoad[] = [
  ...network.roads,
  ...eastWestNames.map((name, row): DemoRoad => ({ name, roadClass: 'arterial', axis: 'eastWest', line: gridLine([-1, row], [15, row], 60) })),
  ...northSouthNames.map((name, column): DemoRoad => ({ name, roadClass: 'arterial', axis: 'northSouth', line: gridLine([column, -1], [column, 10], 40) })),
  {
    name: '环城快速路',
    roadClass: 'express',
    axis: 'curve',
    line: curve(96, (i) => [6.7 + 4.35 * Math.cos((i / 96) * 2 * Math.PI), 4.45 + 2.75 * Math.sin((i / 96) * 2 * Math.PI)]),
  },
  { name: '西联络线', roadClass: 'express', axis: 'curve', line: curve(29, (i) => [-1 + i * 0.13, 1.2 + i * 0.085]) },
  { name: '东联络线', roadClass: 'express', axis: 'curve', line: curve(29, (i) => [10.4 + i * 0.16, 6 + i * 0.11]) },
]

/** Footprints of houses, for street zoom. */
export const demoBlocks: readonly (readonly Uv[])[] = network.blocks

export const demoRail: { name: string; line: readonly Uv[] } = {
  name: '霁川铁路',
  line: curve(79, (i) => [-1 + i * 0.2, 2.05 - 0.12 * (-1 + i * 0.2) + 0.5 * Math.sin((-1 + i * 0.2) * 0.35)]),
}

const parkCorners: { name: string; corners: Uv[] }[] = [
  {
    name: '柳汀公园',
    corners: [
      [2.1, 2.1],
      [2.95, 2.1],
      [2.95, 2.9],
      [2.4, 2.95],
      [2.1, 2.6],
    ],
  },
  {
    name: '望川公园',
    corners: [
      [7.1, 1.1],
      [7.9, 1.1],
      [7.95, 1.7],
      [7.2, 1.8],
    ],
  },
  {
    name: '东霁森林园',
    corners: [
      [11.1, 6.1],
      [11.9, 6.2],
      [11.8, 6.9],
      [11.2, 6.8],
    ],
  },
  {
    name: '中和绿地',
    corners: [
      [5.05, 4.1],
      [5.45, 4.1],
      [5.45, 4.45],
      [5.05, 4.45],
    ],
  },
  {
    name: '石渡公园',
    corners: [
      [3.1, 7.1],
      [3.9, 7.1],
      [3.8, 7.6],
      [3.2, 7.5],
    ],
  },
]
export const demoParks: readonly { name: string; ring: readonly Uv[] }[] = parkCorners.map(({ name, corners }) => ({ name, ring: roundCorners(corners, 2) }))

/** Where the label of an area stands: the middle of its corners. */
export function middleOf(ring: readonly Uv[]): Uv {
  return ring.reduce<Uv>((sum, point, i) => between(sum, point, 1 / (i + 1)), ring[0]!)
}
