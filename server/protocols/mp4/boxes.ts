/** Boxes of ISO/IEC 14496-12 and the sample entries of 14496-14 and -15: the bricks of every MP4 writer here. */
import type { AudioConfig, VideoConfig } from '../codec/access-unit.ts'
import { ascii, concat, u16, u32, u8 } from '../bytes.ts'

/** §4.2 */
export function box(type: string, ...parts: readonly Uint8Array[]): Uint8Array {
  const length = parts.reduce((sum, part) => sum + part.length, 8)
  return concat(u32(length), ascii(type), ...parts)
}

/** §4.2, with version and flags. */
export function fullBox(type: string, version: number, flags: number, ...parts: readonly Uint8Array[]): Uint8Array {
  return box(type, u32((version << 24) | flags), ...parts)
}

/** §4.3. `major` is also the first compatible brand. */
export function fileTypeBox(major: string, ...compatible: readonly string[]): Uint8Array {
  return box('ftyp', ascii(major), u32(0), ascii(major), ...compatible.map(ascii))
}

/** §8.2.2, version 0 */
export function movieHeaderBox({ timescale, duration, nextTrackId }: { timescale: number; duration: number; nextTrackId: number }): Uint8Array {
  return fullBox(
    'mvhd',
    0,
    0,
    u32(0),
    u32(0), // creation_time, modification_time
    u32(timescale),
    u32(duration),
    u32(0x00010000), // rate 1.0
    u16(0x0100),
    u16(0), // volume 1.0, reserved
    zeros(8),
    unityMatrix,
    zeros(24), // pre_defined
    u32(nextTrackId),
  )
}

type TrackHeader = { trackId: number; duration: number; widthPx: number; heightPx: number; volume?: number }

/** §8.3.2, version 0; flags: enabled, in movie, in preview. `volume` is 8.8 fixed point, 0 for pictures. */
export function trackHeaderBox({ trackId, duration, widthPx, heightPx, volume = 0 }: TrackHeader): Uint8Array {
  return fullBox(
    'tkhd',
    0,
    7,
    u32(0),
    u32(0), // creation_time, modification_time
    u32(trackId),
    u32(0),
    u32(duration),
    zeros(8),
    u16(0),
    u16(0),
    u16(volume),
    u16(0), // layer, alternate_group, volume, reserved
    unityMatrix,
    u16(widthPx),
    u16(0),
    u16(heightPx),
    u16(0),
  ) // 16.16 fixed point
}

/** §8.6.6, version 0: nothing for `emptyDuration`, then the media from its beginning, both in the timescale of the movie. */
export function editListBox({ emptyDuration, duration }: { emptyDuration: number; duration: number }): Uint8Array {
  const normalRate = u32(0x00010000)
  return fullBox('elst', 0, 0, u32(2), u32(emptyDuration), u32(0xffffffff), normalRate, u32(duration), u32(0), normalRate)
}

/** §8.4.2, language "und" */
export function mediaHeaderBox({ timescale, duration }: { timescale: number; duration: number }): Uint8Array {
  return fullBox('mdhd', 0, 0, u32(0), u32(0), u32(timescale), u32(duration), u16(0x55c4), u16(0))
}

/** §8.4.3 */
export function handlerBox(handlerType: 'vide' | 'soun', name: string): Uint8Array {
  return fullBox('hdlr', 0, 0, u32(0), ascii(handlerType), zeros(12), ascii(name), u8(0))
}

/** §8.7.2: the media is in this file. */
export function dataInformationBox(): Uint8Array {
  return box('dinf', fullBox('dref', 0, 0, u32(1), fullBox('url ', 0, 1)))
}

/** §8.4.5.2 */
export function videoMediaHeaderBox(): Uint8Array {
  return fullBox('vmhd', 0, 1, zeros(8))
}

/** §12.2.2 */
export function soundMediaHeaderBox(): Uint8Array {
  return fullBox('smhd', 0, 0, u32(0))
}

/** `mp4a` with its `esds` (ISO/IEC 14496-14 §5.6), or G.711 as QuickTime names it, `alaw` and `ulaw`, which ffmpeg, VLC and GStreamer read. */
export function audioSampleEntryBox({ codec, sampleRateHz, channels, specificConfig }: AudioConfig): Uint8Array {
  const type = codec === 'aac' ? 'mp4a' : codec === 'pcma' ? 'alaw' : 'ulaw'
  return box(
    type,
    zeros(6),
    u16(1), // reserved, data_reference_index
    zeros(8),
    u16(channels),
    u16(16), // samplesize
    zeros(4),
    u16(sampleRateHz),
    u16(0), // 16.16 fixed point
    ...(codec === 'aac' && specificConfig ? [elementaryStreamBox(specificConfig)] : []),
  )
}

/** ES_Descriptor, DecoderConfigDescriptor and DecoderSpecificInfo of ISO/IEC 14496-1 §7.2.6, each shorter than 128 bytes. */
function elementaryStreamBox(specificConfig: Uint8Array): Uint8Array {
  const descriptor = (tag: number, ...parts: Uint8Array[]) => {
    const content = concat(...parts)
    return concat(u8(tag), u8(content.length), content)
  }
  const decoderConfig = descriptor(0x04, u8(0x40), u8(0x15), zeros(3), u32(0), u32(0), descriptor(0x05, specificConfig)) // MPEG-4 audio, audio stream
  return fullBox('esds', 0, 0, descriptor(0x03, u16(0), u8(0), decoderConfig, descriptor(0x06, u8(0x02))))
}

/** `avc1` or `hvc1` with its record: ISO/IEC 14496-12 §12.1.3, 14496-15 §5.4.2 and §8.4.1. */
export function videoSampleEntryBox(config: VideoConfig): Uint8Array {
  const [type, recordType] = config.codec === 'h264' ? (['avc1', 'avcC'] as const) : (['hvc1', 'hvcC'] as const)
  return box(
    type,
    zeros(6),
    u16(1), // reserved, data_reference_index
    zeros(16), // pre_defined, reserved
    u16(config.widthPx),
    u16(config.heightPx),
    u32(0x00480000),
    u32(0x00480000), // 72 dpi
    u32(0),
    u16(1), // reserved, frame_count
    zeros(32), // compressorname
    u16(0x0018),
    u16(0xffff), // depth, pre_defined
    box(recordType, config.record),
  )
}

function zeros(count: number): Uint8Array {
  return new Uint8Array(count)
}

const unityMatrix = concat(u32(0x00010000), u32(0), u32(0), u32(0), u32(0x00010000), u32(0), u32(0), u32(0), u32(0x40000000))
