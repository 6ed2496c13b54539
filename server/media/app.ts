/** The media process: makes everything and wires it. It has no database and no accounts. */
import { availableParallelism } from 'node:os'
import { monitorEventLoopDelay } from 'node:perf_hooks'
import { chmod, mkdir, unlink } from 'node:fs/promises'
import { dirname } from 'node:path'
import type { Clock } from '../base/clock.ts'
import type { Log } from '../base/log.ts'
import type { CameraDriver, StreamAddress } from '../drivers/driver.ts'
import type { DeliveryLimits } from './delivery.ts'
import { createHub, type HubLimits } from './hub.ts'
import type { MediaEvent, MediaStats } from './plane.ts'
import { createPlaneServer } from './plane-server.ts'
import { createExports, type ExportsLimits } from './export/exports.ts'
import { FileMemory } from './playback/file-memory.ts'
import type { PlaybackViewerDeps } from './playback/playback-viewer.ts'
import { createRecordedStills, type StillLimits } from './playback/recorded-still.ts'
import { createRecording } from './recording/recording.ts'
import { createTranscoders, limitsForCores, type TranscodeLimits } from './transcoders.ts'
import { createViewers } from './viewers.ts'

export type MediaLimits = {
  hub: HubLimits
  delivery: DeliveryLimits
  transcode: TranscodeLimits
  maxViewers: number
  playback: PlaybackViewerDeps['limits'] & { maxViewers: number }
  recordedStills: StillLimits
  exports: ExportsLimits
}

/** What a site of 500 cameras and two cores runs well with. */
export function defaultLimits(cores = availableParallelism()): MediaLimits {
  return {
    hub: {
      stream: { gop: { maxBytes: 8 * 1024 * 1024, maxMs: 12_000 }, lingerMs: 15_000, firstKeyFrameMs: 20_000, silenceMs: 12_000 },
      admission: { maxOpensPerSecond: 20, maxInFlight: 40 },
      stills: { maxMemoryBytes: 48 * 1024 * 1024, minWriteMs: 5 * 60_000, maxStillBytes: 4 * 1024 * 1024 },
      probeMs: 12_000,
    },
    delivery: { maxQueueBytes: 512 * 1024, maxBehindMs: 20_000, pingMs: 10_000, deadMs: 25_000, closeMs: 5_000 },
    transcode: limitsForCores(cores),
    maxViewers: 2_000,
    playback: { maxViewers: 64, aheadMs: 10_000, transcodedAheadMs: 5_000, pollMs: 500, restMs: 30_000 },
    recordedStills: { maxReading: 4, maxWaiting: 32 },
    exports: { reserveBytes: 1e9, reserveRate: 0.01 },
  }
}

export type RecordingSettings = { folders: readonly string[]; knownDisksFile: string }
export type MediaSettings = {
  socketPath: string
  stillsFolder: string
  exportsFolder: string
  recordings: RecordingSettings
  ffmpegPath: string | undefined
  limits: MediaLimits
}
export type MediaDeps = { clock: Clock; log: Log; drivers: Record<StreamAddress['driver'], CameraDriver>; random?: () => number }

export function createMediaApp(
  { socketPath, stillsFolder, exportsFolder, recordings, ffmpegPath, limits }: MediaSettings,
  { clock, log, drivers, random }: MediaDeps,
) {
  const loopDelay = monitorEventLoopDelay({ resolution: 10 })
  const onEvent = (event: MediaEvent) => planeServer.onEvent(event)
  const hub = createHub({ clock, log, drivers, limits: limits.hub, stillsFolder, onEvent, ...(random ? { random } : {}) })
  const transcoders = createTranscoders({ ffmpegPath, clock, log, limits: limits.transcode, gop: limits.hub.stream.gop })
  const recording = createRecording({ hub, ...recordings, clock, log, onEvent })
  const memory = new FileMemory()
  const stored = { archive: recording.archive, memory, log }
  const viewers = createViewers({
    hub,
    transcoders,
    clock,
    log,
    limits: limits.delivery,
    maxViewers: limits.maxViewers,
    archive: recording.archive,
    memory,
    playback: limits.playback,
    onEvent,
  })
  const recordedStills = createRecordedStills({ ...stored, limits: limits.recordedStills })
  const exports = createExports({ ...stored, folder: exportsFolder, ffmpegPath, clock, limits: limits.exports, listDisks: recording.disks, onEvent })
  const planeServer = createPlaneServer({ hub, viewers, recording, recordedStills, exports, clock, log, stats })

  /** Delays are those since the last call. */
  function stats(): MediaStats {
    const { streams, sources, bytesIn } = hub.stats()
    const { bytesOut, ...ofViewers } = viewers.stats()
    const { user, system } = process.cpuUsage()
    const { rss, heapUsed } = process.memoryUsage()
    const writes = recording.writeDelay()
    const toMs = (nanoseconds: number) => Math.max(0, Math.round(nanoseconds / 1e6) - 10)
    const result: MediaStats = {
      streams,
      viewers: ofViewers.viewers,
      sources,
      transcodes: transcoders.running(),
      bytesIn,
      bytesOut,
      loopDelayP99Ms: toMs(loopDelay.percentile(99)),
      loopDelayMaxMs: toMs(loopDelay.max),
      recordWriteP99Ms: writes.p99Ms,
      recordWriteMaxMs: writes.maxMs,
      cpuMs: (user + system) / 1_000,
      rssBytes: rss,
      heapUsedBytes: heapUsed,
    }
    loopDelay.reset()
    return result
  }

  async function open() {
    await mkdir(dirname(socketPath), { recursive: true, mode: 0o700 })
    await unlink(socketPath).catch((problem: NodeJS.ErrnoException) => {
      if (problem.code !== 'ENOENT') throw problem
    })
    await recording.open()
    loopDelay.enable()
    await planeServer.open(socketPath)
    await chmod(socketPath, 0o600)
  }

  /** Viewers are told to come back, cameras are left properly; at most `graceMs`, then everything is cut. */
  async function close(graceMs = 4_000) {
    planeServer.stopListening()
    viewers.close()
    const exported = exports.close()
    // recordings first: what they hold is worth more than a goodbye to the cameras
    await Promise.race([recording.close().then(() => Promise.all([transcoders.close(), hub.close(), exported])), clock.sleep(graceMs)])
    for (let waitedMs = 0; planeServer.connections() > 0 && waitedMs < 500; waitedMs += 20) await clock.sleep(20)
    planeServer.close()
    loopDelay.disable()
  }

  return { open, close, stats, hub, viewers, transcoders, recording, exports }
}
export type MediaApp = ReturnType<typeof createMediaApp>
