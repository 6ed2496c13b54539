/**
 * ffmpeg as a child, never given an address or a shell. What is watched goes in and out by pipe; a clip that is written anew lies in a folder of its own,
 * under names that are ours.
 */
import { spawn, type ChildProcessByStdio } from 'node:child_process'
import { accessSync, constants } from 'node:fs'
import { setPriority } from 'node:os'
import { delimiter, isAbsolute, join } from 'node:path'
import type { Readable, Writable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
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

/**
 * Read what is piped and nothing else; do not study the input first (that costs 1.2 s). No `nobuffer`: it throws away what was read to find out the
 * codec, which is the first key frame, and the pictures up to the next one are broken.
 */
const inputOptions = [
  '-hide_banner',
  '-loglevel',
  'error',
  '-nostdin',
  '-protocol_whitelist',
  'pipe',
  '-fflags',
  '+discardcorrupt',
  '-analyzeduration',
  '0',
  '-probesize',
  '32',
]

/** H.264 that any browser decodes, one picture out for each one in, times unchanged. Pictures before `skipToMs` are decoded, and left out. */
export function pictureArguments(widthPx: number, heightPx: number, skipToMs = 0): string[] {
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
    `${skipToMs > 0 ? `trim=start=${skipToMs / 1000},` : ''}scale=${widthPx}:${heightPx}:flags=fast_bilinear,format=yuv420p`,
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

/** Our own MP4 to H.264, times unchanged; with a text over the whole picture if there is one. All names are relative to the folder it runs in. */
export function recodeArguments({ input, output, textFile, heightPx, threads }: RecodeFiles & { heightPx: number; threads: number }): string[] {
  const fontPx = Math.max(12, Math.round(heightPx / 30))
  const text = [
    `textfile=${textFile}`,
    'expansion=none',
    `fontsize=${fontPx}`,
    `line_spacing=${fontPx * 4}`,
    `x=${fontPx}`,
    `y=${fontPx}`,
    'fontcolor=white@0.35',
    'borderw=1',
    'bordercolor=black@0.35',
  ]
  return [
    '-hide_banner',
    '-loglevel',
    'error',
    '-nostdin',
    '-protocol_whitelist',
    'file',
    '-i',
    `file:${input}`,
    '-map',
    '0:v:0',
    '-map',
    '0:a:0?',
    '-vf',
    ['pad=ceil(iw/2)*2:ceil(ih/2)*2', ...(textFile === undefined ? [] : [`drawtext=${text.join(':')}`]), 'format=yuv420p'].join(','),
    '-fps_mode',
    'passthrough',
    '-enc_time_base',
    '1:1000',
    '-c:v',
    'libx264',
    '-preset',
    'veryfast',
    '-crf',
    '22',
    '-bf',
    '0',
    '-threads',
    String(threads),
    '-c:a',
    'copy',
    '-video_track_timescale',
    '1000',
    '-movflags',
    '+faststart',
    '-progress',
    'pipe:1',
    '-f',
    'mp4',
    '-y',
    `file:${output}`,
  ]
}

export type RecodeFiles = { input: string; output: string; textFile: string | undefined }

export type FfmpegHandler = { onBytes(chunk: Buffer): void; onExit(complaint: string): void }

export class FfmpegChild {
  private readonly child: ChildProcessByStdio<Writable, Readable, Readable>
  private isClosed = false
  private isFinishing = false
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
        if (!this.isFinishing) handler.onExit(why)
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

  /** Nothing more is written: gives out what is still in it and ends. An end of its own accord is no failure then. */
  async finish(): Promise<void> {
    this.isFinishing = true
    this.child.stdin.end()
    await this.ended
  }

  async close(): Promise<void> {
    if (!this.isClosed) {
      this.isClosed = true
      this.child.kill('SIGKILL')
    }
    await this.ended
  }
}

/** What ffmpeg complained of. */
export class FfmpegFailed extends Error {
  override name = 'FfmpegFailed'
}

/** Behind everything that somebody watches. */
const FILE_NICENESS = 15

export type FfmpegRun = {
  /** Where relative names in the arguments lie. */
  folder: string
  /** Its standard input; closed at once when there is none. */
  input?: AsyncIterable<Uint8Array>
  /** Nothing more is read from it until this resolves. */
  onOutput(chunk: Buffer): void | Promise<void>
  signal: AbortSignal
}

/** Runs ffmpeg over something that has an end, at its own pace. Rejects with `FfmpegFailed`, or with the signal's reason once it is dead. */
export async function runFfmpeg(path: string, args: string[], { folder, input, onOutput, signal }: FfmpegRun): Promise<void> {
  const child = spawn(path, args, { cwd: folder, stdio: ['pipe', 'pipe', 'pipe'], env: {} })
  let complaint = ''
  child.stderr.setEncoding('utf8').on('data', (text: string) => (complaint = (complaint + text).slice(-MAX_COMPLAINT_CHARS)))
  const ended = new Promise<number | null>((resolve, reject) => child.once('error', reject).once('close', resolve))
  ended.catch(() => undefined) // awaited below
  const kill = () => child.kill('SIGKILL')
  signal.addEventListener('abort', kill)
  try {
    if (child.pid !== undefined) setPriority(child.pid, FILE_NICENESS)
    const fed = pipeline(input ?? [], child.stdin, { signal }).catch((problem: NodeJS.ErrnoException) => {
      if (problem.code !== 'EPIPE') throw problem // its exit says why
    })
    fed.catch(kill)
    for await (const chunk of child.stdout) await onOutput(chunk as Buffer)
    const code = await ended
    signal.throwIfAborted()
    await fed
    if (code !== 0) throw new FfmpegFailed(complaint.trim() || `ffmpeg ended with ${code}`)
  } finally {
    kill()
    signal.removeEventListener('abort', kill)
    await ended.catch(() => undefined)
  }
}
