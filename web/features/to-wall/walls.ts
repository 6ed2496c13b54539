/** The walls that are open in this browser, and sending cameras to one of them (R-WALL-4). */
import { onScopeDispose, type ShallowRef, shallowRef } from 'vue'
import type { CameraId } from '../../../server/contract/ids.ts'
import { useAccountStore } from '../accounts/store.ts'
import { answerWithinMs, openWallLine, type WallHere, type WallMessage, type WallShow } from './wall-channel.ts'
import { wallMemory, type WallNumber } from './wall-memory.ts'
import { wallOf, withCameras } from './wall-state.ts'

const askEveryMs = 3_000

export type Sent = { wall: WallNumber; tiles: number[]; leftOut: CameraId[] }

export function useWalls(): {
  /** Those in other windows, by number. */
  others: Readonly<ShallowRef<readonly WallHere[]>>
  /** To that wall: its window if it is open, else into what it will show when it is opened. */
  send(cameraIds: readonly CameraId[], wall: WallNumber, how?: WallShow['how']): Promise<Sent>
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
      if (!others.value.some(({ wall }) => wall === message.wall)) others.value = [...others.value, message].toSorted((a, b) => a.wall - b.wall)
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

  return { others, send }

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

  async function send(cameraIds: readonly CameraId[], wall: WallNumber, how: WallShow['how'] = 'add'): Promise<Sent> {
    const requestId = `${performance.timeOrigin}-${++requests}-${Math.random()}`
    const answer = new Promise<Sent | undefined>((resolve) => {
      const giveUp = setTimeout(() => resolve(undefined), answerWithinMs)
      waiting.set(requestId, ({ placed, leftOut }) => {
        clearTimeout(giveUp)
        resolve({ wall, tiles: placed.map(({ tile }) => tile), leftOut })
      })
    })
    line.post({ type: 'show', account: me(), requestId, wall, cameraIds: [...cameraIds], how })
    const sent = await answer
    waiting.delete(requestId)
    return sent ?? keep(cameraIds, wall, how)
  }
}

/** No window shows that wall: it will find them there. */
function keep(cameraIds: readonly CameraId[], wall: WallNumber, how: WallShow['how']): Sent {
  const memory = wallMemory(wall)
  memory.reread() // the window that had it may have changed it since this page read it
  if (how === 'replace') {
    const state = wallOf(cameraIds)
    memory.set(state)
    return { wall, tiles: state.cameraIds.flatMap((id, tile) => (id === null ? [] : [tile])), leftOut: cameraIds.slice(state.cameraIds.length) }
  }
  const { state, placed, leftOut } = withCameras(memory.state.value, cameraIds)
  // a rotation would take the tile at its next step
  memory.set(placed.length > 0 ? { ...state, rotation: null } : state)
  return { wall, tiles: placed.map(({ tile }) => tile), leftOut }
}
