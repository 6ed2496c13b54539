/** A still of what is shown now, as a PNG: the picture untouched but for the watermark, and below it a line that says what it is. */
import { drawWatermark } from './watermark.ts'

export type SnapshotCaption = { name: string; label: string; timeText: string; watermark: string; fontFamily: string; inkColor: string; groundColor: string }

/** Draws video (or canvas) of its full size. Throws when there is no picture. */
export async function takeSnapshot(source: HTMLVideoElement, caption: SnapshotCaption): Promise<Blob> {
  const { videoWidth: widthPx, videoHeight: heightPx } = source
  if (widthPx === 0) throw new Error('no picture to take a snapshot of')
  const linePx = Math.max(24, Math.round(heightPx * 0.045))
  const canvas = document.createElement('canvas')
  canvas.width = widthPx
  canvas.height = heightPx + linePx
  const context = canvas.getContext('2d')
  if (!context) throw new Error('no 2d canvas')
  context.drawImage(source, 0, 0, widthPx, heightPx)
  drawWatermark(context, widthPx, heightPx, caption.watermark, caption.fontFamily)
  context.fillStyle = caption.groundColor
  context.fillRect(0, heightPx, widthPx, linePx)
  context.fillStyle = caption.inkColor
  context.textBaseline = 'middle'
  context.font = `${Math.round(linePx * 0.58)}px ${caption.fontFamily}`
  context.fillText(`${caption.name}  ${caption.label}`, linePx * 0.4, heightPx + linePx / 2)
  context.textAlign = 'right'
  context.fillText(caption.timeText, widthPx - linePx * 0.4, heightPx + linePx / 2)
  try {
    return await new Promise<Blob>((resolve, reject) => canvas.toBlob((blob) => (blob ? resolve(blob) : reject(new Error('PNG not made'))), 'image/png'))
  } finally {
    canvas.width = canvas.height = 0 // gives the memory back at once
  }
}

/** `澄桥路口-03_20261122-194208.png`; characters no file system likes become `_`. */
export function snapshotFileName(cameraName: string, at: Date): string {
  const two = (value: number) => String(value).padStart(2, '0')
  const day = `${at.getFullYear()}${two(at.getMonth() + 1)}${two(at.getDate())}`
  const time = `${two(at.getHours())}${two(at.getMinutes())}${two(at.getSeconds())}`
  // oxlint-disable-next-line no-control-regex
  return `${cameraName.replace(/[\\/:*?"<>|\u0000-\u001f]/g, '_')}_${day}-${time}.png`
}

export function saveFile(blob: Blob, name: string) {
  const url = URL.createObjectURL(blob)
  const link = document.createElement('a')
  link.href = url
  link.download = name
  link.click()
  setTimeout(() => URL.revokeObjectURL(url), 1000) // the download has begun by then
}
