/** Which clips there are and how each is coded. Read by `make.ts`, which draws them, and by the simulator, which plays them. */

export type SceneName = 'alley' | 'gate' | 'market' | 'mall' | 'crossing' | 'road'
export type Light = 'day' | 'dusk' | 'ir'

export type ClipPlan = {
  name: string
  scene: SceneName
  light: Light
  seed: number
  widthPx: number
  heightPx: number
  fps: number
  durationS: number
  gopS: number
  /** Size of a second main stream in H.265. */
  h265?: { widthPx: number; heightPx: number }
  hasBFrames?: true
}

const hd = { widthPx: 1280, heightPx: 720 }
const qhd = { widthPx: 2560, heightPx: 1440 }

export const clipPlans = [
  { name: 'gate-day', scene: 'gate', light: 'day', seed: 6, ...hd, fps: 20, durationS: 8, gopS: 2, h265: hd },
  { name: 'road-dusk', scene: 'road', light: 'dusk', seed: 5, ...hd, fps: 25, durationS: 8, gopS: 1 },
  { name: 'alley-dusk', scene: 'alley', light: 'dusk', seed: 9, ...hd, fps: 20, durationS: 8, gopS: 2 },
  { name: 'market-day', scene: 'market', light: 'day', seed: 2, ...hd, fps: 15, durationS: 9, gopS: 3 },
  { name: 'mall-dusk', scene: 'mall', light: 'dusk', seed: 19, ...hd, fps: 15, durationS: 8, gopS: 2, h265: { widthPx: 1920, heightPx: 1080 } },
  { name: 'crossing-day', scene: 'crossing', light: 'day', seed: 11, ...hd, fps: 20, durationS: 8, gopS: 2 },
  { name: 'alley-night', scene: 'alley', light: 'ir', seed: 14, ...hd, fps: 15, durationS: 8, gopS: 4 },
  { name: 'road-day', scene: 'road', light: 'day', seed: 8, ...hd, fps: 15, durationS: 8, gopS: 2, hasBFrames: true },
  { name: 'gate-night', scene: 'gate', light: 'ir', seed: 25, ...hd, fps: 15, durationS: 9, gopS: 3 },
  { name: 'market-dusk', scene: 'market', light: 'dusk', seed: 12, ...hd, fps: 15, durationS: 8, gopS: 1 },
  { name: 'crossing-dusk', scene: 'crossing', light: 'dusk', seed: 3, ...qhd, fps: 15, durationS: 8, gopS: 2, h265: qhd },
  { name: 'mall-day', scene: 'mall', light: 'day', seed: 7, ...hd, fps: 15, durationS: 8, gopS: 4 },
  { name: 'alley-day', scene: 'alley', light: 'day', seed: 4, ...hd, fps: 15, durationS: 8, gopS: 4 },
  { name: 'road-night', scene: 'road', light: 'ir', seed: 21, ...hd, fps: 15, durationS: 8, gopS: 2 },
  { name: 'gate-dusk', scene: 'gate', light: 'dusk', seed: 17, ...hd, fps: 15, durationS: 8, gopS: 2 },
] as const satisfies readonly ClipPlan[]

export type ClipName = (typeof clipPlans)[number]['name']

export const subSize = { widthPx: 640, heightPx: 360 }

/** What `make.ts` writes into `index.json` of one elementary stream. */
export type StreamFacts = {
  file: string
  codec: 'h264' | 'h265'
  widthPx: number
  heightPx: number
  fps: number
  gopFrames: number
  frames: number
  bytes: number
  /** Place of each picture in display order, where it is not the decoding order. */
  displayOrder?: number[]
}

/** One picture stream and the same place with the picture standing still. */
export type ClipStreams = { moving: StreamFacts; frozen: StreamFacts }

export type ClipIndex = {
  clips: Record<string, { main: ClipStreams; sub: ClipStreams; h265?: ClipStreams }>
  /** Black pictures, one for each codec and size. */
  black: StreamFacts[]
  sound: { aac: { file: string; sampleRateHz: number; config: string }; pcma: { file: string } }
}
