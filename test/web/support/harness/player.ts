/** A page with nothing but the player engine: opened, watched and closed by the browser tests. */
import type { CameraId, Profile } from '../../../../server/contract/ids.ts'
import { openMediaSocket } from '../../../../web/base/media-socket.ts'
import { createLivePlayer, type LivePlayer, type LiveState } from '../../../../web/engines/player/index.ts'

type Tile = { player: LivePlayer; video: HTMLVideoElement; canvas: HTMLCanvasElement; box: HTMLElement; state: LiveState; phases: string[] }
const tiles = new Map<string, Tile>()
const counts = { socketsOpen: 0, urls: 0, workers: 0, listeners: 0 }

const NativeSocket = window.WebSocket
window.WebSocket = class extends NativeSocket {
  constructor(url: string | URL) {
    super(url)
    counts.socketsOpen++
    super.addEventListener('close', () => counts.socketsOpen--)
  }
}
const createUrl = URL.createObjectURL.bind(URL)
const revokeUrl = URL.revokeObjectURL.bind(URL)
URL.createObjectURL = (object) => {
  counts.urls++
  return createUrl(object)
}
URL.revokeObjectURL = (url) => {
  counts.urls--
  revokeUrl(url)
}
const NativeWorker = window.Worker
window.Worker = class extends NativeWorker {
  constructor(url: string | URL, options?: WorkerOptions) {
    super(url, options)
    counts.workers++
  }
}
for (const target of [document, window] as EventTarget[]) {
  const add = target.addEventListener.bind(target)
  const remove = target.removeEventListener.bind(target)
  target.addEventListener = (...args: Parameters<typeof add>) => {
    counts.listeners++
    add(...args)
  }
  target.removeEventListener = (...args: Parameters<typeof remove>) => {
    counts.listeners--
    remove(...args)
  }
}

function open(name: string, profile: Profile = 'main', widthPx = 320) {
  const box = document.createElement('div')
  box.style.cssText = `position:relative;display:inline-block;width:${widthPx}px;aspect-ratio:16/9`
  const video = document.createElement('video')
  const canvas = document.createElement('canvas')
  canvas.hidden = true
  for (const element of [video, canvas]) element.style.cssText = 'position:absolute;inset:0;width:100%;height:100%'
  box.append(video, canvas)
  document.body.append(box)
  const tile = { video, canvas, box, phases: [] as string[] } as unknown as Tile
  tiles.set(name, tile)
  tile.player = createLivePlayer(video, {
    cameraId: name as CameraId,
    profile,
    openSocket: openMediaSocket,
    serverNow: () => Date.now(),
    holdCanvas: canvas,
    onState(state) {
      tile.state = state
      if (tile.phases.at(-1) !== state.phase) tile.phases.push(state.phase)
    },
  })
}

async function close(name: string) {
  const tile = tiles.get(name)
  tiles.delete(name)
  await tile?.player.close()
  tile?.box.remove()
}

function tile(name: string): Tile {
  const found = tiles.get(name)
  if (!found) throw new Error(`no tile ${name}`)
  return found
}

/** Mean brightness and spread of what the tile shows: a black or one-coloured picture has no spread. */
function pixels(name: string): { mean: number; spread: number } {
  const { video, canvas: held } = tile(name)
  const canvas = document.createElement('canvas')
  canvas.width = 64
  canvas.height = 36
  const context = canvas.getContext('2d')
  if (!context) throw new Error('no canvas')
  context.drawImage(held.hidden ? video : held, 0, 0, 64, 36)
  const { data } = context.getImageData(0, 0, 64, 36)
  const greys: number[] = []
  for (let at = 0; at < data.length; at += 4) greys.push(((data[at] ?? 0) + (data[at + 1] ?? 0) + (data[at + 2] ?? 0)) / 3)
  const mean = greys.reduce((sum, grey) => sum + grey, 0) / greys.length
  return { mean, spread: Math.sqrt(greys.reduce((sum, grey) => sum + (grey - mean) ** 2, 0) / greys.length) }
}

const harness = {
  open,
  close,
  pixels,
  counts,
  state: (name: string) => tile(name).state,
  phases: (name: string) => tile(name).phases,
  currentTime: (name: string) => tile(name).video.currentTime,
  videoSize: (name: string) => [tile(name).video.videoWidth, tile(name).video.videoHeight],
  isHeld: (name: string) => !tile(name).canvas.hidden,
  bufferedS: (name: string) => {
    const { buffered } = tile(name).video
    return buffered.length === 0 ? 0 : buffered.end(buffered.length - 1) - buffered.start(0)
  },
  setProfile: (name: string, profile: Profile) => tile(name).player.setProfile(profile),
  setSound: (name: string, isOn: boolean) => tile(name).player.setSound(isOn),
  isMuted: (name: string) => tile(name).video.muted,
  retryNow: (name: string) => tile(name).player.retryNow(),
  /** A player kept from playing, as a paused picture-in-picture window does. */
  pause: (name: string) => tile(name).video.pause(),
}
export type Harness = typeof harness
declare global {
  interface Window {
    harness: Harness
  }
}
window.harness = harness
