/**
 * Entry of the media process. Settings by environment: MEDIA_SOCKET and STILLS_DIR (required), EXPORTS_DIR, RECORDING_DIRS, FFMPEG, LOG_LEVEL, MEDIA_LINGER_MS, MEDIA_MAX_VIEWERS,
 * MEDIA_MAX_TRANSCODES. Says `{ type: 'ready' }` to its parent; ends within 5 s of SIGTERM, and when its parent is gone.
 */
import { dirname, join } from 'node:path'
import { setFlagsFromString } from 'node:v8'
import { z } from 'zod'
import { systemClock } from '../base/clock.ts'
import { createLog } from '../base/log.ts'
import { rtspDriver } from '../drivers/rtsp/index.ts'
import { createMediaApp, defaultLimits } from './app.ts'
import { findFfmpeg } from './ffmpeg.ts'
import { HEAP_GROWING_PERCENT } from './memory.ts'

const Environment = z.object({
  MEDIA_SOCKET: z.string().min(1),
  STILLS_DIR: z.string().min(1),
  /** Where clips are written, a folder for each export; beside the stills unless given. */
  EXPORTS_DIR: z.string().min(1).optional(),
  /** JSON: folders, the preferred first. */
  RECORDING_DIRS: z
    .string()
    .default('[]')
    .transform((text) => z.array(z.string().min(1)).parse(JSON.parse(text))),
  FFMPEG: z.string().optional(),
  PATH: z.string().optional(),
  LOG_LEVEL: z.enum(['fatal', 'error', 'warn', 'info', 'debug', 'silent']).default('info'),
  MEDIA_LINGER_MS: z.coerce.number().int().min(0).max(600_000).default(15_000),
  MEDIA_MAX_VIEWERS: z.coerce.number().int().min(1).default(2_000),
  MEDIA_MAX_TRANSCODES: z.coerce.number().int().min(0).optional(),
})

// Nearly all memory here is pictures outside V8's heap; by its own measure V8 collects every half second, for a quarter of the CPU (README, Decisions).
setFlagsFromString(`--heap-growing-percent=${HEAP_GROWING_PERCENT}`)

const environment = Environment.parse(process.env)
const log = createLog({ level: environment.LOG_LEVEL, process: 'media' })
const ffmpegPath = findFfmpeg(environment.FFMPEG, environment.PATH)
const limits = defaultLimits()
limits.hub.stream.lingerMs = environment.MEDIA_LINGER_MS
limits.maxViewers = environment.MEDIA_MAX_VIEWERS
if (environment.MEDIA_MAX_TRANSCODES !== undefined) limits.transcode.maxPictures = environment.MEDIA_MAX_TRANSCODES

const app = createMediaApp(
  {
    socketPath: environment.MEDIA_SOCKET,
    stillsFolder: environment.STILLS_DIR,
    exportsFolder: environment.EXPORTS_DIR ?? join(dirname(environment.STILLS_DIR), 'exports'),
    recordings: { folders: environment.RECORDING_DIRS, knownDisksFile: join(dirname(environment.STILLS_DIR), 'recording-disks.json') },
    ffmpegPath,
    limits,
  },
  { clock: systemClock, log, drivers: { rtsp: rtspDriver } },
)

let isStopping = false
async function stop(why: string) {
  if (isStopping) return
  isStopping = true
  log.info({ why }, 'media ends')
  await app.close()
  process.exit(0)
}

process.once('SIGTERM', () => void stop('SIGTERM'))
process.once('SIGINT', () => void stop('SIGINT'))
process.once('disconnect', () => void stop('parent is gone'))

await app.open()
if (!ffmpegPath) log.warn('ffmpeg was not found: H.265 for browsers that cannot decode it, and G.711 sound, are not there. On Debian: apt-get install ffmpeg')
log.info({ ffmpegPath, maxTranscodes: limits.transcode.maxPictures }, 'media is ready')
process.send?.({ type: 'ready' })
