/** A test clip with a known bit rate, made once by ffmpeg: moving noise, so that the encoder really fills the rate it is given. */
import { execFileSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { join } from 'node:path'

export const ffmpeg = process.env['FFMPEG'] ?? '/usr/bin/ffmpeg'
export const hasFfmpeg = existsSync(ffmpeg)

/** H.264 1280x720, 25 fps, key frame every 2 s, constant bit rate, 10 s, as Annex B. Answers the file's path. */
export function makeClip(folder: string, kbps: number): string {
  const file = join(folder, `clip-${kbps}.h264`)
  if (existsSync(file)) return file
  const rate = `${kbps}k`
  execFileSync(ffmpeg, [
    '-loglevel',
    'error',
    '-f',
    'lavfi',
    '-i',
    'testsrc2=size=1280x720:rate=25,noise=alls=12:allf=t',
    '-t',
    '10',
    '-c:v',
    'libx264',
    '-preset',
    'ultrafast',
    '-bf',
    '0',
    '-g',
    '50',
    '-keyint_min',
    '50',
    '-sc_threshold',
    '0',
    '-b:v',
    rate,
    '-maxrate',
    rate,
    '-bufsize',
    rate,
    '-x264-params',
    'nal-hrd=cbr',
    '-f',
    'h264',
    file,
  ])
  return file
}
