/** Codes drawn pictures with ffmpeg into the elementary streams the simulator plays. Only `make.ts` needs this. */
import { execFile } from 'node:child_process'
import { rm, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import type { VideoCodec } from '../../contract/media.ts'
import type { StreamFacts } from './catalog.ts'

const run = promisify(execFile)
const ffmpeg = (args: string[]) => run('ffmpeg', ['-hide_banner', '-loglevel', 'error', '-y', ...args], { maxBuffer: 64 * 1024 * 1024 })

export type EncodeJob = {
  /** ffmpeg's input options: a file of JPEG pictures, or a source that ffmpeg makes. */
  input: string[]
  outFolder: string
  file: string
  codec: VideoCodec
  widthPx: number
  heightPx: number
  fps: number
  gopFrames: number
  maxKbps: number
  crf: number
  hasBFrames?: boolean
}

/** Closed groups of one length, no scene cuts, parameter sets with every key frame, no SEI. */
export async function encodeStream(job: EncodeJob): Promise<StreamFacts> {
  const { input, outFolder, file, codec, widthPx, heightPx, fps, gopFrames, maxKbps, crf, hasBFrames = false } = job
  const coder =
    codec === 'h264'
      ? [
          '-c:v',
          'libx264',
          '-preset',
          'fast',
          '-profile:v',
          widthPx > 640 ? 'high' : 'main',
          '-x264-params',
          `keyint=${gopFrames}:min-keyint=${gopFrames}:scenecut=0:open-gop=0:bframes=${hasBFrames ? 2 : 0}:b-pyramid=0`,
        ]
      : [
          '-c:v',
          'libx265',
          '-preset',
          'ultrafast',
          '-tag:v',
          'hvc1',
          '-x265-params',
          `keyint=${gopFrames}:min-keyint=${gopFrames}:scenecut=0:open-gop=0:bframes=0:info=0:log-level=error`,
        ]
  const container = join(outFolder, `${file}.mp4`)
  await ffmpeg([
    ...input,
    '-an',
    '-vf',
    `scale=${widthPx}:${heightPx}:flags=area,format=yuv420p`,
    ...coder,
    '-crf',
    String(crf),
    '-maxrate',
    `${maxKbps}k`,
    '-bufsize',
    `${maxKbps * 2}k`,
    container,
  ])
  const isH264 = codec === 'h264'
  const path = join(outFolder, file)
  const filters = isH264 ? 'h264_mp4toannexb,filter_units=remove_types=6|9' : 'hevc_mp4toannexb,filter_units=remove_types=35|39|40'
  await ffmpeg(['-i', container, '-c', 'copy', '-bsf:v', filters, '-f', isH264 ? 'h264' : 'hevc', path])
  const { stdout } = await run('ffprobe', ['-v', 'error', '-select_streams', 'v', '-show_entries', 'packet=pts', '-of', 'csv=p=0', container])
  await rm(container)
  const pts = stdout
    .trim()
    .split('\n')
    .map((line) => Number.parseInt(line, 10))
  const rank = new Map([...pts].sort((a, b) => a - b).map((value, i) => [value, i]))
  const facts: StreamFacts = { file, codec, widthPx, heightPx, fps, gopFrames, frames: pts.length, bytes: (await stat(path)).size }
  return hasBFrames ? { ...facts, displayOrder: pts.map((value) => rank.get(value)!) } : facts
}

/** A made-up street: hum, wind and steps, the same in both codecs. Gives the AudioSpecificConfig of the AAC form (ISO/IEC 14496-3 §1.6.2.1). */
export async function encodeSound(
  outFolder: string,
  durationS: number,
): Promise<{ aac: { file: string; sampleRateHz: number; config: string }; pcma: { file: string } }> {
  const raw = join(outFolder, 'sound.raw')
  await writeFile(raw, drawSound(durationS))
  const input = ['-f', 's16le', '-ar', '16000', '-ac', '1', '-i', raw]
  await ffmpeg([...input, '-c:a', 'aac', '-b:a', '32k', '-f', 'adts', join(outFolder, 'street.aac')])
  await ffmpeg([...input, '-ar', '8000', '-c:a', 'pcm_alaw', '-f', 'alaw', join(outFolder, 'street.alaw')])
  await rm(raw)
  return { aac: { file: 'street.aac', sampleRateHz: 16_000, config: '1408' }, pcma: { file: 'street.alaw' } }
}

function drawSound(durationS: number): Uint8Array {
  const rateHz = 16_000
  const samples = new Int16Array(rateHz * durationS)
  let wind = 0
  let noise = 12_345
  for (let i = 0; i < samples.length; i++) {
    const t = i / rateHz
    noise = (Math.imul(noise, 1_103_515_245) + 12_345) >>> 0
    const white = noise / 0x8000_0000 - 1
    wind += (white - wind) * 0.02
    const hum = 0.05 * Math.sin(2 * Math.PI * 55 * t) + 0.03 * Math.sin(2 * Math.PI * 110 * t)
    const inStep = (t % 0.5) / 0.5
    const step = inStep < 0.06 ? white * (1 - inStep / 0.06) * 0.12 : 0
    // A car goes by once in a loop.
    const passing = Math.exp(-(((t - durationS / 2) / 1.2) ** 2)) * wind * 2.2
    samples[i] = Math.round(20_000 * (hum + wind * (0.5 + 0.3 * Math.sin((2 * Math.PI * t) / durationS)) + step + passing))
  }
  return new Uint8Array(samples.buffer)
}
