/** Whether a decoder may go on, or must start anew. */
import type { AudioConfig, VideoConfig } from '../protocols/codec/access-unit.ts'
import { isSameBytes } from '../protocols/bytes.ts'

export function isSameVideo(a: VideoConfig, b: VideoConfig): boolean {
  return a === b || (a.codec === b.codec && a.widthPx === b.widthPx && a.heightPx === b.heightPx && isSameBytes(a.record, b.record))
}

export function isSameAudio(a: AudioConfig | undefined, b: AudioConfig | undefined): boolean {
  if (a === b) return true
  if (!a || !b || a.codec !== b.codec || a.sampleRateHz !== b.sampleRateHz || a.channels !== b.channels) return false
  return (
    a.specificConfig === b.specificConfig ||
    (a.specificConfig !== undefined && b.specificConfig !== undefined && isSameBytes(a.specificConfig, b.specificConfig))
  )
}
