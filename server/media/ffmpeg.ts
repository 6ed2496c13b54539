/** ffmpeg as a child: fed with our own bytes by pipe, read back by pipe, never given an address, a file name or a shell. */
import { spawn, type ChildProcessByStdio } from 'node:child_process'
import { accessSync, constants } from 'node:fs'
import { delimiter, isAbsolute, join } from 'node:path'
import type { Readable, Writable } from 'node:stream'
import type { Log } from '../base/log.ts'

/** What stands unread in front of a child that cannot keep up. */
const MAX_INPUT_BYTES = 4 * 1024 * 1024
const MAX_COMPLAINT_CHARS = 500

/** The configured path if it is one, else the first on PATH; `undefined` when there is none. */
export function findFfmpeg(configured: string | undefined, searchPath: string | undefined): string | undefined {
  const name = configured || 'ffmpeg'
  const candidates = isAbsolute(name)
    ? [name]
    : (searchPath ?? '')
        .split(delimiter)
        .filter(isAbsolute)
        .map((folder) => join(folder, name))
  return candidates.find((path) => {
    try {
      accessSync(path, constants.X_OK)
      return true
    } catch {
      return false // not there, or not to be run: the next one
    }
  })
}

/** Read what is piped and nothing else; do not study the input first (that costs 1.2 s). */
const inputOptions = [
  '-hide_banner',
  '-loglevel',
  'error',
  '-nostdin',
  '-protocol_whitelist',
  'pipe',
  '-fflags',
  '+nobuffer+discardcorrupt',
  '-analyzeduration',
  '0',
  '-probesize',
  '32',
]

/** H.264 that any browser decodes, one picture out for each one in, times unchanged. */
export function pictureArguments(widthPx: number, heightPx: number): string[] {
  return [
    ...inputOptions,
    '-flags',
    '+low_delay',
    '-threads',
    '1',
    '-f',
    'mpegts',
    '-i',
    'pipe:0',
    '-map',
    '0:v:0',
    '-an',
    '-copyts',
    '-fps_mode',
    'passthrough',
    '-enc_time_base',
    '1:1000',
    '-vf',
    `scale=${widthPx}:${heightPx}:flags=fast_bilinear,format=yuv420p`,
    '-c:v',
    'libx264',
    '-preset',
    'ultrafast',
    '-tune',
    'zerolatency',
    '-threads',
    '1',
    '-crf',
    '26',
    '-maxrate',
    '2500k',
    '-bufsize',
    '2500k',
    '-g',
    '50',
    '-force_key_frames',
    'source',
    '-f',
    'flv',
    '-flvflags',
    'no_duration_filesize+no_metadata',
    '-flush_packets',
    '1',
    'pipe:1',
  ]
}

/** G.711 (ITU-T) to AAC-LC in ADTS. */
export function soundArguments(codec: 'pcma' | 'pcmu', inputHz: number, channels: number, outputHz: number): string[] {
  return [
    ...inputOptions,
    '-f',
    codec === 'pcma' ? 'alaw' : 'mulaw',
    '-ar',
    String(inputHz),
    '-ac',
    String(channels),
    '-i',
    'pipe:0',
    '-c:a',
    'aac',
    '-b:a',
    '32k',
    '-ar',
    String(outputHz),
    '-ac',
    '1',
    '-f',
    'adts',
    '-flush_packets',
    '1',
    'pipe:1',
  ]
}

export type FfmpegHandler = { onBytes(chunk: Buffer): void; onExit(complaint: string): void }

export class FfmpegChild {
  private readonly child: ChildProcessByStdio<Writable, Readable, Readable>
  private isClosed = false
  private readonly ended: Promise<void>

  constructor(path: string, args: string[], handler: FfmpegHandler, log: Log) {
    let complaint = ''
    this.child = spawn(path, args, { stdio: ['pipe', 'pipe', 'pipe'], env: {} })
    this.child.stdout.on('data', (chunk: Buffer) => {
      if (!this.isClosed) handler.onBytes(chunk)
    })
    this.child.stderr.setEncoding('utf8').on('data', (text: string) => (complaint = (complaint + text).slice(-MAX_COMPLAINT_CHARS)))
    this.child.stdin.on('error', (problem) => log.debug({ problem }, 'ffmpeg takes no more')) // the exit says why
    this.ended = new Promise((resolve) => {
      const onEnd = (why: string) => {
        resolve()
        if (this.isClosed) return
        this.isClosed = true
        handler.onExit(why)
      }
      this.child.once('error', (problem) => onEnd(problem.message))
      this.child.once('close', (code, signal) => onEnd(complaint.trim() || `ended with ${signal ?? code}`))
    })
  }

  get isBehind() {
    return this.child.stdin.writableLength > MAX_INPUT_BYTES
  }

  write(bytes: Uint8Array) {
    if (!this.isClosed && this.child.stdin.writable) this.child.stdin.write(bytes)
  }

  async close(): Promise<void> {
    if (!this.isClosed) {
      this.isClosed = true
      this.child.kill('SIGKILL')
    }
    await this.ended
  }
}
