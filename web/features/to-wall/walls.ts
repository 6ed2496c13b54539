/** The walls that are open in this browser, and sending cameras to one of them (R-WALL-4). */
import { onScopeDispose, type ShallowRef, shallowRef } from 'vue'
import type { CameraId } from '../../../server/contract/ids.ts'
import { MAX_WALL_TILES } from '../../../server/contract/walls.ts'
import { useAccountStore } from '../accounts/store.ts'
import { answerWithinMs, openWallLine, type WallHere, type WallMessage, ShownWall, type WallShow } from './wall-channel.ts'
import { tileHands } from './tile-hands.ts'
import { wallMemory, type WallNumber } from './wall-memory.ts'
import { heldTiles, idlestTile, wallOf, type WallState, withCameras } from './wall-state.ts'

const askEveryMs = 3_000

export type Sent = {
  wall: WallNumber
  tiles: number[]
  leftOut: CameraId[]
  /** Shown before, and not any more; a wall of just these is not asked. */
  replaced: CameraId[]
  /** A rotation gave up the tiles. */
  isHeld: boolean
}
export type SendOptions = {
  how?: WallShow['how']
  /** From 0; null: the wall chooses. */
  tile?: number | null
}

export function useWalls(): {
  /** Those in other windows, by number. */
  others: Readonly<ShallowRef<readonly WallHere[]>>
  /** To that wall: its window if it is open, else into what it will show when it is opened. */
  send(cameraIds: readonly CameraId[], wall: WallNumber, options?: SendOptions): Promise<Sent>
  /** What that wall shows; null: its window does not say. One that is not open shows what it will open with. */
  pictureOf(wall: WallNumber): ShownWall | null
  /** Asks all walls once more what they show. */
  ask(): void
} {
  const account = useAccountStore()
  const me = () => account.me?.account ?? ''
  const others: ShallowRef<readonly WallHere[]> = shallowRef([])
  const waiting = new Map<string, (message: Extract<WallMessage, { type: 'shown' }>) => void>()
  let heard = new Map<WallNumber, WallHere>()
  let judgeTimer: ReturnType<typeof setTimeout> | undefined
  let requests = 0

  const line = openWallLine(me, (message) => {
    if (message.type === 'here') {
      heard.set(message.wall, message)
      const next = [...others.value.filter(({ wall }) => wall !== message.wall), message].toSorted((a, b) => a.wall - b.wall)
      if (JSON.stringify(next) !== JSON.stringify(others.value)) others.value = next
    } else if (message.type === 'gone') {
      heard.delete(message.wall)
      others.value = others.value.filter(({ wall }) => wall !== message.wall)
    } else if (message.type === 'shown') waiting.get(message.requestId)?.(message)
  })
  const timer = setInterval(ask, askEveryMs)
  onScopeDispose(() => {
    clearInterval(timer)
    clearTimeout(judgeTimer)
    line.close()
  })
  ask()

  return { others, send, pictureOf, ask }

  function pictureOf(wall: WallNumber): ShownWall | null {
    const open = others.value.find((each) => each.wall === wall)
    return open ? (open.picture ?? null) : shownWall(wallMemory(wall).state.value)
  }

  function ask() {
    heard = new Map()
    line.post({ type: 'who', account: me() })
    // who was there stays listed until the answers are in
    clearTimeout(judgeTimer)
    judgeTimer = setTimeout(publish, answerWithinMs)
  }

  function publish() {
    const next = [...heard.values()].toSorted((a, b) => a.wall - b.wall)
    if (JSON.stringify(next) !== JSON.stringify(others.value)) others.value = next
  }

  async function send(cameraIds: readonly CameraId[], wall: WallNumber, { how = 'add', tile = null }: SendOptions = {}): Promise<Sent> {
    // more than any wall holds would not even be heard
    const [going, rest] = [cameraIds.slice(0, MAX_WALL_TILES), cameraIds.slice(MAX_WALL_TILES)]
    const requestId = `${performance.timeOrigin}-${++requests}-${Math.random()}`
    const answer = new Promise<Sent | undefined>((resolve) => {
      const giveUp = setTimeout(() => resolve(undefined), answerWithinMs)
      waiting.set(requestId, ({ placed, leftOut, replaced = [], isHeld = false }) => {
        clearTimeout(giveUp)
        resolve({ wall, tiles: placed.map((each) => each.tile), leftOut, replaced, isHeld })
      })
    })
    line.post({ type: 'show', account: me(), requestId, wall, cameraIds: going, how, ...(tile !== null && { tile }) })
    const sent = await answer
    waiting.delete(requestId)
    const outcome = sent ?? keep(going, wall, how, tile)
    return { ...outcome, leftOut: [...outcome.leftOut, ...rest] }
  }
}

/** Plain objects, as a message between windows must be. */
export function shownWall({ shape, cameraIds, rotation }: WallState): ShownWall {
  return ShownWall.parse({ shape, cameraIds, isTurning: rotation !== null })
}

/** No window shows that wall: it will find them there. */
function keep(cameraIds: readonly CameraId[], wall: WallNumber, how: WallShow['how'], tile: number | null): Sent {
  const memory = wallMemory(wall)
  memory.reread() // the window that had it may have changed it since this page read it
  if (how === 'replace') {
    const state = wallOf(cameraIds)
    memory.set(state)
    const tiles = state.cameraIds.flatMap((id, at) => (id === null ? [] : [at]))
    return { wall, tiles, leftOut: cameraIds.slice(state.cameraIds.length), replaced: [], isHeld: false }
  }
  const before = memory.state.value
  const hands = tileHands(wall)
  const spareTile = () => idlestTile(before, hands.touches, (each) => heldTiles(before).includes(each))
  const { state, placed, leftOut, replaced } = withCameras(before, cameraIds, { firstTile: tile, spareTile })
  memory.set(state)
  for (const each of placed) hands.touch(each.tile)
  return { wall, tiles: placed.map((each) => each.tile), leftOut, replaced, isHeld: placed.length > 0 && state.rotation !== null }
}
