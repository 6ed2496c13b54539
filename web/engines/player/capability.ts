/** What this browser can decode, asked of the browser itself: H.265 only with the right GPU and build. */
import type { VideoCodec } from '../../../server/contract/media.ts'

export function decodableCodecs(): readonly VideoCodec[] {
  const canH265 = typeof MediaSource !== 'undefined' && MediaSource.isTypeSupported('video/mp4; codecs="hvc1.1.6.L120.90"')
  return canH265 ? ['h264', 'h265'] : ['h264']
}

export function withoutH265(codecs: readonly VideoCodec[]): readonly VideoCodec[] {
  const rest = codecs.filter((codec) => codec !== 'h265')
  return rest.length > 0 ? rest : ['h264']
}
