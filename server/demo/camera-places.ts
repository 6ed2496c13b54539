/** Where the cameras of one made-up station stand, what they are called and where they look. */
import type { Scene } from '../contract/cameras.ts'
import type { LonLat } from '../contract/ids.ts'
import type { stationPlans } from './district.ts'
import { type DemoRoad, demoRoads, eastWestName, isInWater, nameStem, northSouthName } from './district-roads.ts'
import { density, distanceM, isInside, metresToLonLat, toLonLat, toMetres, type Uv } from './district-grid.ts'
import { createRandom } from './seeded.ts'

export type Place = { name: string; label: string; address: string; lonLat: LonLat; headingDeg: number; scene: Scene }
type Spot = { lonLat: LonLat; bearingDeg: number; road: DemoRoad; crossing: string | null; side: string; uv: Uv }

const MIN_DISTANCE_M = 38
/** Symbols keep off the station's own name at district zoom. */
const LABEL_FREE_M = { eastWest: 430, northSouth: 280 }
/** One pole with several cameras, by station: how many more are on it than the first. */
const extraOnPole: Record<string, readonly number[]> = { A: [2], B: [1], C: [4, 2, 1], D: [2], E: [1], F: [3, 1], G: [2], H: [1] }

const estateStems = [
  '澄桥',
  '望桥',
  '柳溪',
  '青禾',
  '云栖',
  '晴岚',
  '听涛',
  '竹影',
  '槐香',
  '枫林',
  '锦汀',
  '霁月',
  '书香',
  '桃源',
  '春晓',
  '秋实',
  '临河',
  '观澜',
  '松鹤',
  '梧桐',
  '芳草',
  '明湖',
  '星河',
  '安澜',
  '和畅',
  '兰亭',
  '朝霞',
  '清荷',
  '金穗',
  '双桥',
]
const estateKinds = ['苑', '小区', '花园', '家园', '新村']
const mallKinds = ['商城', '广场', '百货', '购物中心']
const marketKinds = ['市场', '农贸市场', '早市', '夜市']
const compass = ['北', '东北', '东', '东南', '南', '西南', '西', '西北']
const sceneShares: readonly [Scene, number][] = [
  ['alley', 0.34],
  ['residentialGate', 0.2],
  ['troubleSpot', 0.17],
  ['other', 0.13],
  ['market', 0.08],
  ['mall', 0.08],
]

/** Names of the whole district: a name is given once, a numbered one counts on. */
export type Naming = { numbered(base: string): string; single(name: string): string }

export function createNaming(): Naming {
  const counts = new Map<string, number>()
  const taken = new Set<string>()
  const numbered = (base: string) => {
    const n = (counts.get(base) ?? 0) + 1
    counts.set(base, n)
    return `${base}-${String(n).padStart(2, '0')}`
  }
  const single = (name: string) => {
    if (taken.has(name)) return numbered(name)
    taken.add(name)
    return name
  }
  return { numbered, single }
}

export function createPlaces({
  plan,
  jurisdiction,
  naming,
}: {
  plan: (typeof stationPlans)[number]
  jurisdiction: readonly LonLat[]
  naming: Naming
}): Place[] {
  const random = createRandom(plan.owner.charCodeAt(0) * 977)
  const label = toMetres(plan.labelUv)
  const places: Place[] = []
  const poleSizes = [...(extraOnPole[plan.owner] ?? [])]
  let poleNumber = 0

  const isFree = ({ lonLat, uv }: Spot) => {
    const [eastM, southM] = toMetres(uv)
    if (Math.abs(eastM - label[0]) < LABEL_FREE_M.eastWest && Math.abs(southM - label[1] - 40) < LABEL_FREE_M.northSouth) return false
    return !isInWater(uv) && isInside(lonLat, jurisdiction) && places.every((other) => distanceM(other.lonLat, lonLat) > MIN_DISTANCE_M)
  }
  const roadsHere = demoRoads.filter((road) => road.name !== '' && road.axis !== 'curve' && road.line.some((uv) => isInside(toLonLat(uv), jurisdiction)))
  const lanes = roadsHere.filter((road) => road.roadClass === 'lane')
  const streets = roadsHere.filter((road) => road.roadClass !== 'lane')
  const mainRoads = roadsHere.filter((road) => road.roadClass === 'arterial')
  const findSpot = (scene: Scene): Spot | undefined => {
    for (let tries = 0; tries < 400; tries++) {
      const spot =
        scene === 'troubleSpot' ? crossingSpot(random, pick(random, mainRoads)) : streetSpot(random, pick(random, scene === 'alley' ? lanes : streets))
      if (isFree(spot) && random() < density(spot.uv) * 1.25 + 0.14) return spot
    }
    return undefined
  }

  while (places.length < plan.cameraCount) {
    const scene = pickScene(random)
    const spot = findSpot(scene)
    if (!spot) continue
    poleNumber += 1 + Math.floor(random() * 3)
    const pole = `${plan.owner}-${String(poleNumber).padStart(3, '0')}`
    const address = `${describe(random, spot, scene)}，立杆 ${pole}`
    const headingDeg = scene === 'residentialGate' || scene === 'mall' ? spot.bearingDeg + 90 : spot.bearingDeg
    const room = plan.cameraCount - places.length
    const onPole = 1 + (scene === 'troubleSpot' ? Math.min(poleSizes.shift() ?? 0, room - 1) : 0)
    for (let n = 0; n < onPole; n++) {
      const name = nameOf({ scene, spot, random, naming, stem: plan.stem })
      places.push({
        name,
        label: n === 0 ? pole : `${pole}-${n + 1}`,
        address,
        lonLat: spot.lonLat,
        headingDeg: wholeDegrees(headingDeg + (n * 360) / onPole),
        scene,
      })
    }
  }
  return places
}

export function pick<T>(random: () => number, choices: readonly T[]): T {
  return choices[Math.floor(random() * choices.length)]!
}

function pickScene(random: () => number): Scene {
  let left = random()
  for (const [scene, share] of sceneShares) {
    if ((left -= share) < 0) return scene
  }
  return 'other'
}

function nameOf({ scene, spot, random, naming, stem }: { scene: Scene; spot: Spot; random: () => number; naming: Naming; stem: string }): string {
  const road = spot.road.name
  switch (scene) {
    case 'alley':
      return naming.numbered(`${road}卡口`)
    case 'troubleSpot':
      return naming.numbered(`${road}口`)
    case 'other':
      return naming.numbered(road)
    case 'market':
      return naming.numbered(`${nameStem(road)}${pick(random, marketKinds)}`)
    case 'residentialGate':
      return naming.single(`${pick(random, estateStems)}${pick(random, estateKinds)}${spot.side}门`)
    case 'mall':
      return naming.single(`${stem}${pick(random, mallKinds)}${spot.side}门`)
  }
}

/** Beside a road, anywhere along it. Looks along the road, one way or the other. */
function streetSpot(random: () => number, road: DemoRoad): Spot {
  const i = Math.floor(random() * (road.line.length - 1))
  const share = random()
  const [p, q] = [road.line[i]!, road.line[i + 1]!]
  const uv: Uv = [p[0] + (q[0] - p[0]) * share, p[1] + (q[1] - p[1]) * share]
  return beside(random, road, uv, bearing(p, q), road.roadClass === 'arterial' ? 11 : road.roadClass === 'secondary' ? 8 : 4, null)
}

/** At the corner of two main roads, looking across the crossing. */
function crossingSpot(random: () => number, road: DemoRoad): Spot {
  const isEastWest = road.axis === 'eastWest'
  const column = isEastWest ? Math.floor(random() * 15) : Math.round(road.line[0]![0])
  const row = isEastWest ? Math.round(road.line[0]![1]) : Math.floor(random() * 10)
  const crossing = isEastWest ? northSouthName(column) : eastWestName(row)
  return beside(random, road, [column, row], bearing([column, row], [column + 0.05, row + 0.05]), 18, crossing)
}

function beside(random: () => number, road: DemoRoad, uv: Uv, alongDeg: number, offsetM: number, crossing: string | null): Spot {
  const sideDeg = alongDeg + (random() < 0.5 ? 90 : -90)
  const [eastM, southM] = toMetres(uv)
  const radians = (sideDeg * Math.PI) / 180
  const lonLat = metresToLonLat([eastM + offsetM * Math.sin(radians), southM - offsetM * Math.cos(radians)])
  const bearingDeg = crossing === null ? alongDeg + (random() < 0.5 ? 0 : 180) : sideDeg + 180 + (random() - 0.5) * 40
  return { lonLat, bearingDeg, road, crossing, side: compass[Math.round(wholeDegrees(sideDeg) / 45) % 8]!, uv }
}

function describe(random: () => number, { road, crossing, side }: Spot, scene: Scene): string {
  if (crossing !== null) return `${road.name}与${crossing}交口${side}角`
  const number = 2 + Math.floor(random() * 180)
  return `${road.name} ${number} 号${scene === 'alley' ? `${side}侧` : scene === 'other' ? '对面' : '门前'}`
}

/** Degrees clockwise from north. */
function bearing(p: Uv, q: Uv): number {
  const [x1, y1] = toMetres(p)
  const [x2, y2] = toMetres(q)
  return (Math.atan2(x2 - x1, y1 - y2) * 180) / Math.PI
}

function wholeDegrees(degrees: number): number {
  return ((Math.round(degrees) % 360) + 360) % 360
}
