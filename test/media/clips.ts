/** Real coded pictures for the judges: made by ffmpeg once a test file, read into access units. */
import { spawnSync } from 'node:child_process'
import type { VideoCodec } from '../../server/contract/media.ts'
import { readPictures } from '../../server/demo/annexb.ts'
import type { VideoConfig, VideoUnit } from '../../server/protocols/codec/access-unit.ts'
import { h264Config } from '../../server/protocols/codec/h264.ts'
import { h265Config, h265NalType } from '../../server/protocols/codec/h265.ts'
import { findFfmpeg } from '../../server/media/ffmpeg.ts'

export const ffmpegPath = findFfmpeg(process.env['FFMPEG'], process.env['PATH'])
export const hasFfprobe = spawnSync('ffprobe', ['-version']).status === 0
if (!ffmpegPath || !hasFfprobe) console.warn('SKIPPED: ffmpeg and ffprobe are not installed (apt-get install ffmpeg); nothing that needs pixels was tested')

const FPS = 25

/** `count` pictures without B-frames, a key frame every `gopFrames`. */
export function makeClip(
  codec: VideoCodec,
  {
    count,
    gopFrames,
    widthPx = 640,
    heightPx = 360,
    source = 'testsrc2',
  }: { count: number; gopFrames: number; widthPx?: number; heightPx?: number; source?: string },
): VideoUnit[] {
  const encoder =
    codec === 'h264'
      ? ['-c:v', 'libx264', '-preset', 'ultrafast', '-g', String(gopFrames), '-bf', '0', '-sc_threshold', '0', '-f', 'h264']
      : [
          '-c:v',
          'libx265',
          '-preset',
          'ultrafast',
          '-x265-params',
          `keyint=${gopFrames}:min-keyint=${gopFrames}:scenecut=0:bframes=0:log-level=none`,
          '-f',
          'hevc',
        ]
  const made = spawnSync(
    ffmpegPath!,
    [
      '-hide_banner',
      '-loglevel',
      'error',
      '-f',
      'lavfi',
      '-i',
      `${source}${source.includes('=') ? ':' : '='}size=${widthPx}x${heightPx}:rate=${FPS}`,
      '-frames:v',
      String(count),
      ...encoder,
      'pipe:1',
    ],
    { maxBuffer: 1 << 28 },
  )
  if (made.status !== 0) throw new Error(made.stderr.toString())
  const { pictures, parameterSets } = readPictures(codec, made.stdout)
  const config = makeConfig(codec, parameterSets)
  return pictures.map(({ units, isKey }, number) => {
    const slices = units.filter((nal) => !isParameterSet(codec, nal))
    const data = Buffer.concat(slices.flatMap((nal) => [lengthOf(nal), nal]))
    return { kind: 'video', config, isKey, dts90k: (number * 90_000) / FPS, pts90k: (number * 90_000) / FPS, data }
  })
}

function makeConfig(codec: VideoCodec, sets: Uint8Array[]): VideoConfig {
  const ofType = (type: number) => sets.filter((nal) => (codec === 'h264' ? nal[0]! & 0x1f : h265NalType(nal[0]!)) === type)
  return codec === 'h264' ? h264Config(ofType(7), ofType(8)) : h265Config(ofType(32), ofType(33), ofType(34))
}

const isParameterSet = (codec: VideoCodec, nal: Uint8Array) =>
  codec === 'h264' ? [7, 8].includes(nal[0]! & 0x1f) : [32, 33, 34].includes(h265NalType(nal[0]!))

function lengthOf(nal: Uint8Array): Buffer {
  const length = Buffer.alloc(4)
  length.writeUInt32BE(nal.length)
  return length
}

/** What ffprobe counts by decoding, and its complaints. */
export function probeFile(path: string): { streams: { codec: string; frames: number; widthPx: number | undefined }[]; complaints: string } {
  const probed = spawnSync('ffprobe', ['-v', 'error', '-count_frames', '-show_entries', 'stream=codec_name,nb_read_frames,width', '-of', 'json', path])
  const { streams } = JSON.parse(probed.stdout.toString()) as { streams: { codec_name: string; nb_read_frames: string; width?: number }[] }
  return {
    streams: streams.map((stream) => ({ codec: stream.codec_name, frames: Number(stream.nb_read_frames), widthPx: stream.width })),
    complaints: probed.stderr.toString(),
  }
}
