/** Runs inside Chromium: draws one picture of one clip after another. `make.ts` calls `openClip` and `drawPicture`. */
import { createRandom } from '../seeded.ts'
import { createBrush, type Brush } from './brush.ts'
import type { Canvas2d } from './canvas.ts'
import type { ClipPlan } from './catalog.ts'
import type { LightAt } from './movers.ts'
import { scenes, sceneWords, type Stage } from './scenes.ts'

export type DrawnClip = { drawPicture(index: number): Promise<string> }

type Page = {
  OffscreenCanvas: new (
    width: number,
    height: number,
  ) => {
    getContext(kind: '2d', options: { willReadFrequently: boolean }): Canvas2d
    convertToBlob(options: { type: string; quality: number }): Promise<{ arrayBuffer(): Promise<ArrayBuffer> }>
  }
  btoa(text: string): string
}

export function openClip(plan: ClipPlan): DrawnClip {
  const { OffscreenCanvas, btoa } = globalThis as unknown as Page
  const { widthPx: w, heightPx: h, scene, light, fps, durationS } = plan
  const surface = new OffscreenCanvas(w, h)
  const canvas = surface.getContext('2d', { willReadFrequently: true })
  const random = createRandom(plan.seed * 7919 + 13)
  const brush = createBrush(canvas, random, scene, light, w, h)
  drawSky(brush)
  const stage: Stage = { brush, random, loopS: durationS, lightAt: createLight(brush, light), makers: [] }
  scenes[scene](stage)
  const backdrop = canvas.getImageData(0, 0, w, h)
  const sense = createSensor(brush, light)

  return {
    async drawPicture(index) {
      canvas.putImageData(backdrop, 0, 0)
      const t = index / fps
      const props = stage.makers.map((make) => make(t)).sort((a, b) => brush.depth(b.x, b.z) - brush.depth(a.x, a.z))
      for (const prop of props) prop.draw(t)
      sense()
      drawLabel(brush, `演示 ${sceneWords[scene]}`)
      const blob = await surface.convertToBlob({ type: 'image/jpeg', quality: 0.95 })
      const bytes = new Uint8Array(await blob.arrayBuffer())
      let text = ''
      for (let i = 0; i < bytes.length; i += 32_768) text += String.fromCharCode(...bytes.subarray(i, i + 32_768))
      return btoa(text)
    },
  }
}

function drawSky({ canvas, w, h, horizon, isDay }: Brush) {
  const sky = canvas.createLinearGradient(0, 0, 0, h * horizon * 1.3)
  sky.addColorStop(0, isDay ? '#a9bccb' : '#141a28')
  sky.addColorStop(1, isDay ? '#dfe5e6' : '#39394a')
  canvas.fillStyle = sky
  canvas.fillRect(0, 0, w, h)
  canvas.fillStyle = isDay ? '#8d908f' : '#2b2d33'
  canvas.fillRect(0, h * horizon, w, h)
}

/** By day even; at dusk brighter near the camera's own street lamp; infrared falls off with distance. */
function createLight({ isDay }: Brush, light: ClipPlan['light']): LightAt {
  if (isDay) return () => 1
  if (light === 'ir') return (_x, z) => 0.4 + 0.9 * Math.exp(-z / 16)
  return (x, z) => 0.5 + 0.22 * Math.exp(-(((z % 13) - 6) ** 2) / 14) + 0.08 * Math.cos(x)
}

/** The camera's eye: infrared, gain, a little fixed noise, darker corners. Noise does not move, or the clips would be three times as large. */
function createSensor({ canvas, w, h, isDay }: Brush, light: ClipPlan['light']): () => void {
  const random = createRandom(w)
  const isInfrared = light === 'ir'
  const gain = new Float32Array(w * h)
  const grain = new Float32Array(w * h)
  for (let i = 0; i < gain.length; i++) {
    const y = (Math.floor(i / w) / h - 0.5) * 2
    const x = ((i % w) / w - 0.5) * 2
    gain[i] = 1 - (isInfrared ? 0.34 : 0.2) * (x * x + y * y * 0.7)
    grain[i] = (random() - 0.5) * (isDay ? 3 : 3.5)
  }
  return () => {
    const picture = canvas.getImageData(0, 0, w, h)
    const { data } = picture
    for (let i = 0, at = 0; i < gain.length; i++, at += 4) {
      const g = gain[i]!
      const n = grain[i]!
      if (isInfrared) {
        const luma = Math.min(255, 18 + 1.45 * (data[at]! * 0.4 + data[at + 1]! * 0.5 + data[at + 2]! * 0.2)) * g
        data[at] = luma + n
        data[at + 1] = luma * 1.02 + n
        data[at + 2] = luma * 1.03 + n
      } else {
        for (let k = at; k < at + 3; k++) data[k] = (isDay ? data[k]! : 8 + data[k]! * 1.12) * g + n
      }
    }
    canvas.putImageData(picture, 0, 0)
  }
}

/** No clock: one that is burnt in would lie. */
function drawLabel({ canvas, w, h }: Brush, text: string) {
  const unit = w / 640
  canvas.font = `${16 * unit}px "Noto Sans CJK SC", sans-serif`
  canvas.lineWidth = 3 * unit
  canvas.lineJoin = 'round'
  canvas.strokeStyle = 'rgba(0,0,0,.7)'
  canvas.fillStyle = '#f2f4f4'
  canvas.strokeText(text, 12 * unit, h - 12 * unit)
  canvas.fillText(text, 12 * unit, h - 12 * unit)
}
